"""The writer moves points from the ledger to the store once, whatever the store does."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import func, insert, select

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import cursors, quarantine, rollup_windows, series
from hub_server.outbound.changes import Changes
from hub_server.stores import writer as writers
from hub_server.stores.cursors import begin, bound_series, forget_removed
from hub_server.stores.figures import WriterCollector
from hub_server.stores.sqlite import SqliteStore
from hub_server.stores.store import Level, Refused, RetryLater, TooLarge
from hub_server.stores.writer import SeriesWriter
from tests.support.hub import make_ledger

NOW = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)
NS = int(NOW.timestamp()) * 10**9


class Shelf(SqliteStore):
    """A SQLite store that can be away, and that refuses lines with ``bad`` in them."""

    def __init__(self, file: Path, name: str = "shelf") -> None:
        super().__init__(file)
        self.name = name  # type: ignore[misc]
        self.away: list[RetryLater] = []
        self.largest, self.calls = 10**6, 0

    def write(self, lines: Sequence[str], level: Level = Level.RAW) -> None:
        self.calls += 1
        if self.away:
            raise self.away.pop()
        if len(lines) > self.largest:
            raise TooLarge("too large")
        if any("bad" in line for line in lines):
            raise Refused("bad line")
        super().write(lines, level)

    @property
    def names(self) -> list[str]:
        rows = self._db.execute("SELECT measurement FROM points ORDER BY time_ns, measurement")
        return [row[0] for row in rows]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    yield ledger
    ledger.close()


def line(name: str, second: int = 0) -> str:
    return f'{name},device=pi-0001 value=1.0,quality="ok" {NS + second * 10**9}'


def add(ledger: Ledger, *lines: str) -> None:
    with ledger.write() as conn:
        conn.execute(insert(series), [{"line": line} for line in lines])


def left(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.scalar(select(func.count()).select_from(series)) or 0)


def counted(ledger: Ledger) -> dict[str, int]:
    with ledger.read() as conn:
        return counters.read_all(conn)


def writer_of(ledger: Ledger, shelf: Shelf) -> SeriesWriter:
    with ledger.write() as conn:
        begin(conn, shelf.name)
    return SeriesWriter(ledger, shelf, Changes(), clock=lambda: NOW)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "shelf.sqlite")
    yield shelf
    shelf.close()


def test_points_are_written_and_leave_the_ledger(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, line("a"), line("b"), line("c"))
    assert writer.run_once() == 3
    assert shelf.names == ["a", "b", "c"]
    assert left(ledger) == 0
    assert writer.run_once() == 0


def add_message(ledger: Ledger, *lines: str) -> None:
    with ledger.write() as conn:
        conn.execute(insert(series).values(line="\n".join(lines), points=len(lines)))


def test_a_row_may_have_the_points_of_a_message(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add_message(ledger, line("a"), line("b"), line("c"))
    add(ledger, line("d"), f'e text="one\nline" {NS}')
    add_message(ledger, line("f", -90 * 86_400 - 1), line("g", -90 * 86_400 - 1))
    assert writer.run_once() == 7
    assert shelf.names == ["a", "b", "c", "d", "e"]
    assert left(ledger) == 0
    assert counted(ledger)["points_too_old"] == 2
    assert writer.figures.points == 5


def test_one_bad_line_of_a_message_is_set_aside_alone(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    for second in range(0, 30, 3):
        names = ["bad" if second == 15 and n == 1 else "ok" for n in range(3)]
        add_message(ledger, *[line(name, second + n) for n, name in enumerate(names)])
    writer.run_once()
    assert len(shelf.names) == 29
    with ledger.read() as conn:
        [aside] = conn.execute(select(quarantine)).all()
    assert aside.payload == line("bad", 16).encode()


def test_a_batch_is_bounded_by_its_points(
    ledger: Ledger, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "BATCH", 10)
    monkeypatch.setattr(writers, "PIECE", 2)
    writer = writer_of(ledger, shelf)
    for second in range(0, 28, 4):
        add_message(ledger, *[line("a", second + n) for n in range(4)])
    assert [writer.run_once() for _ in range(4)] == [12, 12, 4, 0]
    assert len(shelf.names) == 28


def test_a_store_that_is_away_loses_nothing(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, line("a"))
    shelf.away = [RetryLater("away")]
    with pytest.raises(RetryLater):
        writer.run_once()
    assert left(ledger) == 1
    assert writer.figures.lag_rows == 1
    writer.run_once()
    assert shelf.names == ["a"]


@pytest.mark.parametrize("fails", ["store", "ledger"])
def test_what_failed_begins_again_at_the_cursor(
    ledger: Ledger, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """The next batch is read while one is on its way; it must not be written in its place."""
    monkeypatch.setattr(writers, "BATCH", 10)
    writer = writer_of(ledger, shelf)
    add(ledger, *[line("reading", n) for n in range(35)])
    assert writer.run_once() == 10
    if fails == "store":
        shelf.away = [RetryLater("away")]
        with pytest.raises(RetryLater):
            writer.run_once()
    else:
        with monkeypatch.context() as patch:
            patch.setattr(writer, "_keep", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                writer.run_once()
    with ledger.write() as conn:
        conn.execute(rollup_windows.delete())
    while writer.run_once():
        pass
    assert len(shelf.names) == 35
    assert left(ledger) == 0
    with ledger.read() as conn:
        assert conn.scalar(select(func.count()).select_from(rollup_windows)) == 1
    assert writer.figures.points == 35 if fails == "store" else 45


def test_one_bad_line_is_set_aside_with_its_reason(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, *[line(f"line-{n}" if n != 37 else "bad", n) for n in range(100)])
    writer.run_once()
    assert len(shelf.names) == 99
    assert left(ledger) == 0
    with ledger.read() as conn:
        [aside] = conn.execute(select(quarantine)).all()
    assert (aside.reason, aside.detail, aside.topic) == (
        "point_refused",
        "bad line",
        "series/shelf",
    )
    assert aside.payload == line("bad", 37).encode()
    assert counted(ledger)["points_refused"] == 1
    assert writer.figures.dropped == {"refused": 1}
    assert 0 < writer.figures.splits < 10


def test_what_is_no_line_at_all_does_not_stop_the_others(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, "", "nonsense", line("a"), "m v=1 x")
    writer.run_once()
    assert shelf.names == ["a"]
    assert counted(ledger)["points_refused"] == 3


def test_a_batch_that_is_too_large_goes_in_pieces(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    shelf.largest = 10
    add(ledger, *[line("a", n) for n in range(100)])
    writer.run_once()
    assert len(shelf.names) == 100
    assert "points_refused" not in counted(ledger)


def test_a_flood_of_bad_lines_keeps_the_quarantine_for_others(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, *[line("bad", n) for n in range(500)])
    writer.run_once()
    with ledger.read() as conn:
        assert conn.scalar(select(func.count()).select_from(quarantine)) == 100
    assert counted(ledger)["points_refused"] == 500


def test_what_the_store_would_drop_at_once_is_counted(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    day = 86_400
    add(ledger, line("old", -90 * day - 1), line("within", -90 * day), line("now"))
    writer.run_once()
    assert shelf.names == ["within", "now"]
    assert counted(ledger)["points_too_old"] == 1
    assert left(ledger) == 0


def test_two_stores_each_get_every_point(ledger: Ledger, tmp_path: Path) -> None:
    shelves = [Shelf(tmp_path / name, name) for name in ("one", "two")]
    written = [writer_of(ledger, shelf) for shelf in shelves]
    add(ledger, line("a"), line("b"))
    written[0].run_once()
    assert left(ledger) == 2
    written[1].run_once()
    assert shelves[0].names == shelves[1].names == ["a", "b"]
    assert left(ledger) == 0
    for shelf in shelves:
        shelf.close()


def test_a_removed_store_does_not_hold_the_rows(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, line("reading"))
    with ledger.write() as conn:
        begin(conn, "removed")
        conn.execute(insert(cursors).values(name="other/thing", position=7))
        values = {"store": "removed", "level": "10m", "measurement": "reading", "start": 0}
        conn.execute(insert(rollup_windows).values(device="", **values))
    writer.run_once()
    assert left(ledger) == 1
    with ledger.write() as conn:
        assert forget_removed(conn, ["shelf"]) == ["removed"]
        assert forget_removed(conn, ["shelf"]) == []
        assert set(conn.scalars(select(cursors.c.name))) == {"series/shelf", "other/thing"}
        assert set(conn.scalars(select(rollup_windows.c.store))) == {"shelf"}
    add(ledger, line("reading", 1))
    writer.run_once()
    assert left(ledger) == 0


def test_points_that_wait_are_bounded_and_what_is_dropped_is_counted(ledger: Ledger) -> None:
    add(ledger, *"ab")
    add_message(ledger, *"cdef")
    add(ledger, *"ghijk")
    with ledger.write() as conn:
        assert bound_series(conn, limit=5) == 6
        assert counters.read_all(conn)["points_dropped"] == 6
    assert left(ledger) == 5


def test_the_thread_waits_as_long_as_the_store_asks(
    ledger: Ledger, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retry-After wins over a shorter back-off; the back-off doubles and is jittered."""
    writer, waits = writer_of(ledger, shelf), list[float]()
    add(ledger, line("a"))
    shelf.away = [RetryLater("e", "503"), RetryLater("e", "503"), RetryLater("e", "429", 17.0)]

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            if len(waits) > 3:
                self.set()
            return self.is_set()

    monkeypatch.setattr(writer, "_stopping", Stopping())
    writer._run()
    assert waits[0] == 17.0
    assert 1.0 <= waits[1] <= 3.0
    assert 2.0 <= waits[2] <= 6.0
    assert waits[3] == writers.POLL_S
    assert shelf.names == ["a"]
    assert writer.figures.retries == {"429": 1, "503": 2}
    assert writer.fault == ""


def test_the_figures_can_be_scraped(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    add(ledger, line("a"), line("bad"))
    writer.run_once()
    writer.figures.retried("503")
    registry = CollectorRegistry()
    registry.register(WriterCollector([writer.figures]))
    text = generate_latest(registry).decode()
    for expected in (
        'linli_series_points_total{store="shelf"} 1.0',
        'linli_series_dropped_total{reason="refused",store="shelf"} 1.0',
        'linli_series_retries_total{cause="503",store="shelf"} 1.0',
        'linli_series_splits_total{store="shelf"} 1.0',
        'linli_series_lag_rows{store="shelf"}',
        'linli_series_batch_rows_bucket{le="10.0",store="shelf"} 1.0',
        'linli_series_write_seconds_count{store="shelf"} 1.0',
    ):
        assert expected in text, text


def test_old_points_go_from_a_store_that_keeps_all(ledger: Ledger, shelf: Shelf) -> None:
    writer = writer_of(ledger, shelf)
    for level in Level:
        shelf.write([line("m", -day * 86_400) for day in (0, 100, 500, 2000)], level)
    writer.tidy()
    tables = ("points", "points_10m", "points_1h")
    counts = [shelf._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]  # noqa: S608
    assert counts == [1, 2, 3]


def test_late_rows_beside_a_running_write_are_not_passed_by(
    ledger_url: str, tmp_path: Path
) -> None:
    """On PostgreSQL a lane's row may be committed after a later one: the cursor waits for it."""
    ledger = make_ledger(ledger_url)
    shelf = Shelf(tmp_path / "shelf.sqlite")
    writer = writer_of(ledger, shelf)
    entered, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with ledger.write("slow") as conn:
            conn.execute(insert(series).values(line=line("early")))
            entered.set()
            go_on.wait(5)

    def fast() -> None:
        with ledger.write("fast") as conn:
            conn.execute(insert(series).values(line=line("later", 1)))

    threads = [threading.Thread(target=slow), threading.Thread(target=fast)]
    threads[0].start()
    assert entered.wait(5)
    threads[1].start()
    timer = threading.Timer(0.3, go_on.set)
    timer.start()
    while writer.run_once() or left(ledger) or not go_on.is_set():
        pass
    for thread in threads:
        thread.join(5)
    writer.run_once()
    assert shelf.names == ["early", "later"]
    ledger.close()
    shelf.close()
