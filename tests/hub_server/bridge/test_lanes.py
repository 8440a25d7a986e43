"""Writes of several workers side by side, on both databases."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from hub_server.ledger import counters, engine
from hub_server.ledger.engine import Ledger, in_turn, open_ledger
from hub_server.ledger.epochs import TakenOverError, take
from hub_server.ledger.tables import partitions, series
from tests.support import postgres
from tests.support.hub import NOW


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    made = open_ledger(ledger_url)
    yield made
    made.close()


@pytest.fixture
def shared(postgres_server: postgres.Postgres) -> Iterator[Ledger]:
    made = open_ledger(postgres_server.new_ledger())
    yield made
    made.close()


def test_each_take_raises_the_epoch_and_keeps_the_position(ledger: Ledger) -> None:
    with ledger.write() as conn:
        first = take(conn, "t", 3, "a", NOW)
        first.reached = 70
        first.check(conn)
    with ledger.write() as conn:
        second = take(conn, "t", 3, "b", NOW + timedelta(seconds=1))
    assert (first.number, second.number, second.position) == (1, 2, 70)
    with ledger.read() as conn:
        row = conn.execute(select(partitions)).one()
    assert (row.holder, row.taken_at) == ("b", NOW + timedelta(seconds=1))


def test_an_old_epoch_writes_nothing(ledger: Ledger) -> None:
    with ledger.write() as conn:
        old = take(conn, "t", 3, "a", NOW)
    with ledger.write() as conn:
        take(conn, "t", 3, "b", NOW)

    def late() -> None:
        with ledger.write("p3") as conn:
            counters.add(conn, "stored")
            old.check(conn)

    with pytest.raises(TakenOverError, match="t/3"):
        late()
    with ledger.read() as conn:
        assert counters.read_all(conn) == {}


def test_counters_of_all_lanes_are_one_figure(ledger: Ledger) -> None:
    for lane in ("p1", "p2", ""):
        with ledger.write(lane) as conn:
            counters.add(conn, "stored", 2)
            counters.add_all(conn, {"received": 3})
    with ledger.read() as conn:
        assert counters.read_all(conn) == {"stored": 6, "received": 9}


def test_changes_are_numbered_over_all_lanes(ledger: Ledger) -> None:
    numbers = []
    for lane in ("p1", "p2", ""):
        with ledger.write(lane) as conn:
            numbers.append(counters.next_change(conn))
    assert numbers == [1, 2, 3]


def test_lanes_do_not_wait_for_one_another(shared: Ledger) -> None:
    with shared.write("p1") as one, shared.write("p2") as other:
        counters.add(one, "stored")
        counters.add(other, "stored")


class Later:
    """Something done in a thread."""

    def __init__(self, job: object) -> None:
        self.done = threading.Event()
        self._job = job
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        self._job()  # type: ignore[operator]
        self.done.set()


def test_whoever_is_alone_waits_for_the_lanes_and_they_for_it(shared: Ledger) -> None:
    def alone() -> None:
        with shared.write() as conn:
            counters.add(conn, "alone")

    with shared.write("p1") as conn:
        counters.add(conn, "stored")
        later = Later(alone)
        assert not later.done.wait(0.3)
    assert later.done.wait(5)

    def beside() -> None:
        with shared.write("p1") as conn:
            counters.add(conn, "stored")

    with shared.write() as conn:
        later = Later(beside)
        assert not later.done.wait(0.3)
    assert later.done.wait(5)


def test_lanes_change_incidents_one_after_the_other(shared: Ledger) -> None:
    def second() -> None:
        with shared.write("p2") as conn:
            in_turn(conn)

    with shared.write("p1") as conn:
        in_turn(conn)
        in_turn(conn)  # once more costs nothing
        later = Later(second)
        assert not later.done.wait(0.3)
    assert later.done.wait(5)


def test_who_follows_numbers_misses_none_that_commits_late(shared: Ledger) -> None:
    seen: list[str] = []

    def follow() -> None:
        with shared.write() as conn:  # as the series writer does
            seen.extend(conn.scalars(select(series.c.line).order_by(series.c.seq)))

    with shared.write("p1") as slow:
        slow.execute(insert(series).values(line="slow"))
        with shared.write("p2") as fast:
            fast.execute(insert(series).values(line="fast"))
        later = Later(follow)
        assert not later.done.wait(0.3)
    assert later.done.wait(5)
    assert seen == ["slow", "fast"]


def test_a_writer_that_stands_still_is_ended_and_holds_up_nobody(
    shared: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "STANDSTILL_S", 1)

    def stand_still() -> None:
        with shared.write("p1") as conn:
            counters.add(conn, "stored")
            with shared.write() as other:  # waits until the first one is ended
                counters.add(other, "alone")
            counters.add(conn, "stored")

    with pytest.raises(DBAPIError):
        stand_still()
    with shared.read() as conn:
        assert counters.read_all(conn) == {"alone": 1}


def test_taking_over_waits_for_two_writes_of_a_stopped_worker_and_for_no_more(
    shared: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that it had begun, and one in the queue that is given the lock when that one is ended."""
    assert 2 * engine.STANDSTILL_S < 15 - 6, "of a takeover's 15 s, 6 pass until it is noticed"
    monkeypatch.setattr(engine, "STANDSTILL_S", 1)
    stopped = open_ledger(shared.url.render_as_string(hide_password=False))
    goes_on = threading.Event()

    def write(lane: str) -> None:
        with stopped.write(lane) as conn:
            begun.set()
            goes_on.wait(30)
            counters.add(conn, "stored")

    def stand_still(lane: str) -> None:
        with pytest.raises(DBAPIError):
            write(lane)

    begun = threading.Event()
    threads = [threading.Thread(target=stand_still, args=(lane,)) for lane in ("p1", "")]
    threads[0].start()
    assert begun.wait(5)
    threads[1].start()
    while not queued(shared):
        time.sleep(0.02)
    with shared.write("p1") as conn:
        assert take(conn, "t", 1, "b", NOW).number == 1
    goes_on.set()
    for thread in threads:
        thread.join(10)
    stopped.close()
    with shared.read() as conn:
        assert counters.read_all(conn) == {}


def queued(ledger: Ledger) -> bool:
    """Whether a write waits for the lock."""
    with ledger.read() as conn:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        return bool(conn.exec_driver_sql(query).scalar())
