"""The writer moves points from the ledger to the store once, whatever the store does."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import cursors, series
from hub_server.outbound.changes import Changes
from hub_server.stores.line_protocol import Point
from hub_server.stores.store import Refused, RetryLater
from hub_server.stores.writer import SeriesWriter, bound_series
from tests.support.hub import make_ledger


class Shelf:
    """A store in memory that can be away, and that refuses lines with ``bad`` in them."""

    def __init__(self, name: str = "shelf") -> None:
        self.name, self.lines, self.away = name, list[str](), False

    def write(self, lines: Sequence[str]) -> None:
        if self.away:
            raise RetryLater("away")
        if any("bad" in line for line in lines):
            raise Refused("bad line")
        self.lines += lines

    def query(
        self, measurement: str, tags: Mapping[str, str], start: datetime, end: datetime
    ) -> list[Point]:
        return []

    def delete_older(self, limit: datetime) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    yield ledger
    ledger.close()


def add(ledger: Ledger, *lines: str) -> None:
    with ledger.write() as conn:
        conn.execute(insert(series), [{"line": line} for line in lines])


def left(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.scalar(select(func.count()).select_from(series)) or 0)


def writer_of(ledger: Ledger, shelf: Shelf) -> SeriesWriter:
    with ledger.write() as conn:
        conn.execute(insert(cursors).values(name=f"series/{shelf.name}", position=0))
    return SeriesWriter(ledger, shelf, Changes())


def test_points_are_written_in_order_and_leave_the_ledger(ledger: Ledger) -> None:
    shelf = Shelf()
    writer = writer_of(ledger, shelf)
    add(ledger, "a", "b", "c")
    assert writer.run_once() == 3
    assert shelf.lines == ["a", "b", "c"]
    assert left(ledger) == 0
    assert writer.run_once() == 0


def test_a_store_that_is_away_loses_nothing(ledger: Ledger) -> None:
    shelf = Shelf()
    writer = writer_of(ledger, shelf)
    add(ledger, "a")
    shelf.away = True
    with pytest.raises(RetryLater):
        writer.run_once()
    assert left(ledger) == 1
    shelf.away = False
    writer.run_once()
    assert shelf.lines == ["a"]


def test_one_bad_line_is_found_counted_and_passed_by(ledger: Ledger) -> None:
    shelf = Shelf()
    writer = writer_of(ledger, shelf)
    add(ledger, *[f"line {n}" if n != 37 else "bad" for n in range(100)])
    writer.run_once()
    assert len(shelf.lines) == 99
    with ledger.read() as conn:
        assert counters.read_all(conn)["points_refused"] == 1


def test_two_stores_each_get_every_point(ledger: Ledger) -> None:
    first, second = Shelf("one"), Shelf("two")
    writers = [writer_of(ledger, first), writer_of(ledger, second)]
    add(ledger, "a", "b")
    writers[0].run_once()
    assert left(ledger) == 2
    writers[1].run_once()
    assert first.lines == second.lines == ["a", "b"]
    assert left(ledger) == 0


def test_points_that_wait_are_bounded_and_what_is_dropped_is_counted(ledger: Ledger) -> None:
    add(ledger, *"abcdefgh")
    with ledger.write() as conn:
        assert bound_series(conn, limit=5) == 3
        assert counters.read_all(conn)["points_dropped"] == 3
    assert left(ledger) == 5
