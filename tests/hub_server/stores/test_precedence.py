"""Points give way to an ingest that takes all it can, for a bounded time."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import func, insert, select

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import series
from hub_server.outbound.changes import Changes
from hub_server.outbound.precedence import HOLD_S, Precedence
from hub_server.stores import writer as writers
from hub_server.stores.sqlite import SqliteStore
from hub_server.stores.writer import SeriesWriter
from tests.support.hub import make_ledger
from tests.support.hub_process import until

ALWAYS = 1e9


class Seconds:
    """A clock that each look moves by a tenth."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now


def waited(precedence: Precedence, at_most_s: float) -> float:
    return precedence.give_way(Event(), at_most_s)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_server.outbound.precedence._STEP_S", 0.001)


def test_nobody_waits_where_nobody_is_pressed() -> None:
    precedence = Precedence(Seconds())
    assert waited(precedence, ALWAYS) < 0.5
    precedence.press(True)
    precedence.press(False)
    assert waited(precedence, ALWAYS) < 0.5


def test_the_wait_ends_when_nothing_presses_any_more_or_at_its_bound() -> None:
    precedence = Precedence(Seconds())
    precedence.press(True)
    assert HOLD_S * 0.7 <= waited(precedence, ALWAYS) <= HOLD_S * 1.3
    precedence.press(True)
    assert waited(precedence, HOLD_S / 2) <= HOLD_S * 0.8
    precedence.press(True)
    assert waited(precedence, -3.0) < 0.5


def test_a_stop_waits_for_nobody() -> None:
    precedence, stopping = Precedence(lambda: 0.0), Event()
    precedence.press(True)
    stopping.set()
    assert precedence.give_way(stopping, ALWAYS) == 0.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = make_ledger(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("put_off_s", [0.3, 60.0])
def test_a_writer_puts_points_off_and_says_how_long(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put_off_s: float
) -> None:
    monkeypatch.setattr(writers, "PUT_OFF_S", put_off_s)
    monkeypatch.setattr("hub_server.outbound.precedence.HOLD_S", 60.0)
    precedence = Precedence()
    precedence.press(True)
    store = SqliteStore(tmp_path / "series.sqlite")
    writer = SeriesWriter(ledger, store, Changes(), precedence=precedence)
    with ledger.write() as conn:
        conn.execute(insert(series), [{"line": "reading value=1.0 1795334700000000000"}])

    def left() -> int:
        with ledger.read() as conn:
            return int(conn.scalar(select(func.count()).select_from(series)) or 0)

    writer.start()
    try:
        assert not Event().wait(0.1)
        assert left() == 1
        if put_off_s > 1:
            precedence.press(False)
        until(lambda: left() == 0, what="the point")
    finally:
        writer.stop()
    assert writer.figures.put_off_s >= 0.1
