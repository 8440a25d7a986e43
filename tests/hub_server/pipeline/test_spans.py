"""What came of a device is kept in memory: it never says anything but what the ledger holds."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select, update
from sqlalchemy.exc import OperationalError

from hub_server.ingest.types import Message
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import devices, sequences
from hub_server.pipeline import journey
from hub_server.pipeline.points import add_points
from hub_server.pipeline.spans import FEW_HOLES, FRESH, MOST_EPOCHS, Span, Spans
from hub_server.pipeline.taking import Standing
from tests.support.hub import (
    NOW,
    Device,
    HubClock,
    decoded,
    make_ledger,
    make_pipeline,
)

NAMES = ("pi-0001", "pi-0002")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = make_ledger(ledger_url, *NAMES, synced=False)
    yield ledger
    ledger.close()


def message(number: int, name: str = "pi-0001", epoch: str = "e1") -> Message:
    device = Device(name, epoch)
    device.sequence = number - 1
    [made] = decoded(device.reading(NOW, {"t": 1}))
    return made


def written(ledger: Ledger) -> list[tuple[object, ...]]:
    table = sequences.c
    shown = (table.device, table.epoch, table.first, table.last, table.holes, table.oldest_hole)
    with ledger.read() as conn:
        return [tuple(row) for row in conn.execute(select(*shown).order_by(*shown[:2]))]


def reads(ledger: Ledger) -> list[str]:
    """The statements from here on that read what came."""
    found: list[str] = []

    def note(_conn: object, _cursor: object, text: str, *_rest: object) -> None:
        if "FROM sequences" in text:
            found.append(text)

    event.listen(ledger._writer, "before_cursor_execute", note)
    return found


class Poison:
    """Stands for the stage that breaks over some messages, and for a commit that fails."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.numbers: set[int] = set()
        self.no_commit = False
        self._points, self._close = add_points, Standing.close
        patch.setattr(journey, "add_points", self.points)
        patch.setattr(Standing, "close", lambda *args: self.close(*args))

    def points(self, conn, kept, *rest) -> None:  # type: ignore[no-untyped-def]
        if any(one.sequence in self.numbers for one in kept):
            raise ValueError("poison")
        self._points(conn, kept, *rest)

    def close(self, pipeline, conn, draft) -> None:  # type: ignore[no-untyped-def]
        self._close(pipeline, conn, draft)
        if self.no_commit:
            raise OperationalError("COMMIT", {}, Exception("disk full"))


def test_what_is_remembered_is_not_read(ledger: Ledger) -> None:
    pipeline = make_pipeline(ledger, HubClock())
    pipeline.run([message(1), message(1, "pi-0002")])
    found = reads(ledger)
    pipeline.run([message(2), message(2, "pi-0002")])
    assert found == []
    assert [row[2:4] for row in written(ledger)] == [(1, 2), (1, 2)]
    make_pipeline(ledger, HubClock()).run([message(3)])
    assert len(found) == 1


_BATCH = st.tuples(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["e1", "e2", "e3"]), st.integers(1, 25)),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["fine", "fine", "fine", "poison", "no commit"]),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(st.lists(_BATCH, min_size=2, max_size=8))
def test_with_and_without_a_memory_the_ledger_says_the_same(
    story: Sequence[tuple[list[tuple[str, str, int]], str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        poison = Poison(patch)
        one, other = (make_ledger(Path(folder) / part, *NAMES, synced=False) for part in ("a", "b"))
        lasting, clock = make_pipeline(one, HubClock()), HubClock()
        for came, what in story:
            batch = [message(number, name, epoch) for name, epoch, number in came]
            poison.numbers = {came[0][2]} if what == "poison" else set()
            poison.no_commit = what == "no commit"
            for pipeline in (lasting, make_pipeline(other, clock)):
                with suppress(OperationalError):
                    pipeline.run(batch)
        assert written(one) == written(other)
        one.close()
        other.close()


def test_what_was_rolled_back_is_not_remembered(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, pipeline = Poison(monkeypatch), make_pipeline(ledger, HubClock())
    pipeline.run([message(1)])
    poison.no_commit = True
    with pytest.raises(OperationalError):
        pipeline.run([message(2), message(9)])
    poison.no_commit = False
    pipeline.run([message(2)])
    assert [row[2:5] for row in written(ledger)] == [(1, 2, [])]


def test_a_message_set_aside_is_no_gap_afterwards(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, pipeline = Poison(monkeypatch), make_pipeline(ledger, HubClock())
    pipeline.run([message(1)])
    poison.numbers = {2}
    pipeline.run([message(2)])
    pipeline.run([message(3)])
    assert [row[2:5] for row in written(ledger)] == [(1, 3, [])]


def test_a_device_that_was_elsewhere_in_between_is_read_again(ledger: Ledger) -> None:
    here, elsewhere = (make_pipeline(ledger, HubClock()) for _ in range(2))
    here.run([message(1)])
    enrol(ledger, minutes=1)
    elsewhere.run([message(2), message(3)])
    enrol(ledger, minutes=2)
    here.run([message(4)])
    assert [row[2:5] for row in written(ledger)] == [(1, 4, [])]


def enrol(ledger: Ledger, minutes: int) -> None:
    with ledger.write() as conn:
        anew = update(devices).where(devices.c.device == "pi-0001")
        conn.execute(anew.values(enrolled_at=NOW + timedelta(minutes=minutes)))


def test_what_was_forgotten_in_between_is_read_again(ledger: Ledger) -> None:
    clock = HubClock()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run([message(1)])
    with ledger.write() as conn:
        conn.execute(delete(sequences))
    clock.forward(FRESH.total_seconds())
    pipeline.run([message(9)])
    assert [row[2:5] for row in written(ledger)] == [(9, 9, [])]


def test_the_memory_of_a_device_is_bounded() -> None:
    spans, ragged = Spans(), tuple((n, n, NOW) for n in range(FEW_HOLES + 1))
    for epoch in map(str, range(MOST_EPOCHS + 1)):
        spans.put(epoch, Span(1, 2), NOW)
    assert [spans.get(str(n), NOW) for n in range(MOST_EPOCHS + 1)] == [
        None,
        Span(1, 2),
        Span(1, 2),
    ]
    spans.put("2", Span(0, 99, ragged), NOW)
    assert spans.get("2", NOW) is None


def test_a_stranger_is_not_remembered(ledger: Ledger) -> None:
    pipeline = make_pipeline(ledger, HubClock())
    for number in (1, 2):
        pipeline.run([message(number, "pi-6666")])
    assert [row[2:5] for row in written(ledger)] == [(1, 2, [])]
