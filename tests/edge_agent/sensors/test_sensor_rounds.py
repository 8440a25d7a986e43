"""Rounds: who is asked when, what a failing or slow sensor does to the others."""

import threading
from collections.abc import Sequence
from datetime import datetime

import pytest

from edge_agent.clock import Clock, Moment
from edge_agent.outbox import OutboxError
from edge_agent.sensors import SensorError, Values
from edge_agent.sensors.quality import Judge
from edge_agent.sensors.quantity import Quantity
from edge_agent.sensors.readers import Inline, Reader, Threaded
from edge_agent.sensors.rounds import Rounds, Sampled, Timed, take_round
from linli_contract.faults import FAULTS, explain
from tests.edge_agent.outbox.outbox_kit import START, after
from tests.edge_agent.sensors.sensor_kit import until

CO = Quantity.model_validate({"metric": "co", "unit": "ppm", "range": [0, 100]})


class _Fixed:
    def __init__(self, value: float | None, code: str = "sensor_failed") -> None:
        self.value = value
        self.code = code

    def read(self, now: datetime) -> Values:
        if self.value is None:
            raise SensorError("no answer", self.code)
        return {"co": self.value}

    def close(self) -> None: ...


class _Slow:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        self.closed = threading.Event()

    def read(self, now: datetime) -> Values:
        assert self.let.wait(20)
        return {"co": 1.0}

    def close(self) -> None:
        self.closed.set()


def _row(name: str, reader: Reader, interval: float = 10.0, **changes: object) -> Sampled:
    quantity = CO.model_copy(update=changes)
    return Sampled(name, reader, Judge(name, [quantity], False), interval)


def _fixed(name: str, value: float | None, interval: float = 10.0) -> Sampled:
    return _row(name, Inline(_Fixed(value)), interval)


def test_sensors_of_one_interval_share_a_round_and_keep_their_beat() -> None:
    rows = [_fixed(f"s{n}", n) for n in range(3)]
    rows.append(_fixed("slow", 9, 30.0))
    sizes = []
    for tenth in range(600):
        reading = take_round(rows, after(tenth / 10))
        if reading:
            sizes.append((tenth / 10, len(reading.values)))
    assert sizes == [(0, 4), (10, 3), (20, 3), (30, 4), (40, 3), (50, 3)]


def test_after_a_pause_a_sensor_does_not_catch_up() -> None:
    row = _fixed("s", 1)
    take_round([row], START)
    assert take_round([row], after(95)) is not None
    assert take_round([row], after(96)) is None
    assert row.due == START.mono + 105


@pytest.mark.parametrize(
    "code", ["sensor_failed", "sensor_missing", "sensor_silent", "sensor_garbled"]
)
def test_a_sensor_that_fails_is_at_fault_with_words_and_the_others_go_on(code: str) -> None:
    sensor = _Fixed(None, code)
    broken, good = _row("gas-1", Inline(sensor)), _fixed("co-1", 1)
    reading = take_round([broken, good], START)
    assert reading is not None
    assert [value.sensor for value in reading.values] == ["co-1"]
    assert broken.faults() == [f"{code}: gas-1"]
    assert code in FAULTS
    assert "gas-1" in explain(broken.faults()[0], "zh")
    sensor.value = 2
    assert take_round([broken, good], after(5)) is None
    healed = take_round([broken, good], after(10))
    assert healed is not None
    assert len(healed.values) == 2
    assert broken.faults() == []


def test_a_fault_stays_until_a_value_comes() -> None:
    sensor = _Fixed(None)
    row = _row("node-1", Inline(sensor))
    take_round([row], START)
    row.reader = Inline(_Nothing())
    take_round([row], after(10))
    assert row.faults() == ["sensor_failed: node-1"]
    sensor.value = 1
    row.reader = Inline(sensor)
    take_round([row], after(20))
    assert row.faults() == []


class _Nothing:
    """Has nothing new to tell."""

    def read(self, now: datetime) -> Values:
        return {}

    def close(self) -> None: ...


def test_a_bug_in_a_sensor_is_its_own_fault() -> None:
    row = _row("s", Inline(_Fixed("text")))  # type: ignore[arg-type]  # the bug
    row.reader = Inline(_Bug())
    assert take_round([row], START) is None
    assert row.faults() == ["sensor_failed: s"]


class _Bug:
    def read(self, now: datetime) -> Values:
        raise ZeroDivisionError

    def close(self) -> None: ...


def test_a_stuck_value_is_a_fault_until_it_moves() -> None:
    sensor = _Fixed(5.0)
    row = _row("co-1", Inline(sensor), stuck_after=20.0)
    for second in (0, 10):
        take_round([row], after(second))
    assert row.faults() == []
    take_round([row], after(20))
    assert row.faults() == ["sensor_stuck: co-1 co"]
    sensor.value = 5.1
    take_round([row], after(30))
    assert row.faults() == []


def test_a_slow_sensor_holds_nobody_up_and_is_at_fault_meanwhile() -> None:
    slow = _Slow()
    rows = [_row("slow", Threaded(slow, "slow")), _fixed("fast", 1)]
    for second in (0, 10):
        reading = take_round(rows, after(second))
        assert reading is not None
        assert [value.sensor for value in reading.values] == ["fast"]
    assert rows[0].faults() == ["sensor_silent: slow"]
    slow.let.set()
    reading = until(lambda: take_round(rows, after(11)), "the slow one's value")
    assert [value.sensor for value in reading.values] == ["slow"]
    assert rows[0].faults() == []
    rows[0].reader.stop()
    assert slow.closed.wait(10)


def _rounds(rows: Sequence[Sampled], kept: list[list[Timed]], group_s: float) -> Rounds:
    def keep(rounds: Sequence[Timed]) -> None:
        kept.append(list(rounds))

    return Rounds(rows, keep, Clock().now, group_s)


@pytest.mark.parametrize(("group_s", "least"), [(0.0, 1), (0.5, 3)])
def test_rounds_are_kept_by_themselves_or_several_in_one_commit(group_s: float, least: int) -> None:
    kept: list[list[Timed]] = []
    rounds = _rounds([_fixed("s", 1, 0.1)], kept, group_s)
    rounds.start()
    until(lambda: len(kept) >= 2, "two commits")
    rounds.stop()
    assert max(len(one) for one in kept) >= least
    times = [now.mono for one in kept for _, now in one]
    assert times == sorted(set(times))
    for one in kept:
        assert one[-1][1].mono - one[0][1].mono <= group_s + 0.5


def test_what_is_held_is_kept_at_the_end() -> None:
    kept: list[list[Timed]] = []
    rounds = _rounds([_fixed("s", 1, 60.0)], kept, 1.0)
    rounds.start()
    until(lambda: rounds._held, "a held round")
    rounds.stop()
    assert [len(one) for one in kept] == [1]


def test_rounds_that_cannot_be_kept_are_counted_and_said() -> None:
    def refuse(rounds: Sequence[Timed]) -> None:
        raise OutboxError("disk full")

    rounds = Rounds([_fixed("s", 1, 0.1)], refuse, Clock().now)
    rounds.start()
    until(lambda: rounds.lost >= 2, "two lost rounds")
    assert rounds.faults() == ("outbox_write: disk full",)
    rounds.stop()


def test_the_moment_of_a_round_is_when_it_was_taken() -> None:
    kept: list[list[Timed]] = []
    rounds = _rounds([_fixed("s", 1, 0.2)], kept, 0.5)
    rounds.start()
    until(lambda: kept, "a commit")
    rounds.stop()
    moments: list[Moment] = [now for _, now in kept[0]]
    assert len({now.wall for now in moments}) == len(moments)
