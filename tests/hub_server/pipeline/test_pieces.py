"""A batch that fails is tried in pieces: one that is poison costs its piece, all else is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from hub_server.ingest.types import Message
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import inbox, incidents, quarantine
from hub_server.pipeline import journey, taking
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_pipeline

TOTAL, POISON = 11, 6


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = make_ledger(tmp_path)
    yield made
    made.close()


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Eleven observations, of which the sixth is poison; pieces of four."""
    monkeypatch.setattr(taking, "PIECE", 4)
    real = journey.add_points

    def add_points(conn, kept, *rest):  # type: ignore[no-untyped-def]
        if any(one.sequence == POISON for one in kept):
            raise ValueError("poison")
        real(conn, kept, *rest)

    monkeypatch.setattr(journey, "add_points", add_points)
    device = Device()
    return decoded(*[device.observation(NOW, f"o{n}") for n in range(TOTAL)])


def stored(ledger: Ledger) -> list[int]:
    with ledger.read() as conn:
        return list(conn.scalars(select(inbox.c.sequence).order_by(inbox.c.seq)))


def test_all_but_the_poison_is_kept_in_order_and_acknowledged(
    ledger: Ledger, batch: list[Message]
) -> None:
    alone: list[str] = []

    def note(_conn: object, name: str) -> None:
        alone.append(name)

    event.listen(ledger._writer, "savepoint", note)
    receipts, changed = make_pipeline(ledger, HubClock()).run(batch)
    assert changed
    assert stored(ledger) == [n for n in range(1, TOTAL + 1) if n != POISON]
    assert receipts.kept == {"pi-0001": {"e1": set(range(1, TOTAL + 1))}}
    assert len(alone) == 4  # of its piece, and of no other
    with ledger.read() as conn:
        assert conn.scalars(select(quarantine.c.detail)).all() == ["ValueError: poison"]
        assert conn.scalars(select(incidents.c.alert_count)).all() == [TOTAL - 1]
        told = counters.read_all(conn)
    assert told["received"] == told["stored"] + told["quarantined"] == TOTAL


def test_a_ledger_that_goes_away_between_two_pieces_loses_and_doubles_nothing(
    ledger: Ledger, batch: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, together = make_pipeline(ledger, HubClock()), taking.together

    def full(standing, messages, *rest):  # type: ignore[no-untyped-def]
        if messages[0] is batch[8]:
            raise OperationalError("INSERT", {}, Exception("database or disk is full"))
        return together(standing, messages, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(taking, "together", full)
        with pytest.raises(OperationalError):
            pipeline.run(batch)
    assert len(stored(ledger)) == 7
    receipts, _ = pipeline.run(batch)
    assert stored(ledger) == [n for n in range(1, TOTAL + 1) if n != POISON]
    assert receipts.kept == {"pi-0001": {"e1": set(range(1, TOTAL + 1))}}
    with ledger.read() as conn:
        assert conn.scalars(select(incidents.c.alert_count)).all() == [TOTAL - 1]
