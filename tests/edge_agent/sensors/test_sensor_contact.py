"""Contacts: debouncing as data. No GPIO line is here; ``GpiodLine`` is not tested on hardware."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.sensors import SensorError
from edge_agent.sensors.contact import QUEUE, ContactSensor
from edge_agent.sensors.debounce import Debouncer, Edge
from edge_agent.sensors.settings import ContactSettings
from tests.edge_agent.sensors.sensor_kit import T0, WATER, settings_of


def _run(edges: list[tuple[bool, float]], end: float, hold: float = 0.02) -> tuple[bool, int]:
    contact = Debouncer(closed=False, hold_s=hold)
    for closed, at in edges:
        contact.feed(Edge(closed, at))
    contact.settle(end)
    return contact.closed, contact.take_closings()


@pytest.mark.parametrize(
    ("edges", "end", "expected"),
    [
        ([(True, 1.0)], 1.019, (False, 0)),  # has not lasted yet
        ([(True, 1.0)], 1.021, (True, 1)),
        ([(True, 1.0), (False, 1.01)], 2.0, (False, 0)),  # a bounce alone is nothing
        ([(True, 1.0), (False, 1.005), (True, 1.01)], 2.0, (True, 1)),  # bouncing while closing
        ([(True, 1.0), (False, 1.1), (True, 1.2), (False, 1.3)], 2.0, (False, 2)),
        ([(True, 1.0), (False, 1.1), (True, 1.105), (False, 1.11)], 2.0, (False, 1)),
    ],
)
def test_a_change_counts_once_it_has_lasted(
    edges: list[tuple[bool, float]], end: float, expected: tuple[bool, int]
) -> None:
    assert _run(edges, end) == expected


@given(
    tips=st.integers(0, 30),
    bounces=st.lists(st.floats(0.0001, 0.003), min_size=2, max_size=2),
)
def test_every_tip_of_a_bouncing_bucket_counts_once(tips: int, bounces: list[float]) -> None:
    edges: list[tuple[bool, float]] = []
    for tip in range(tips):
        at = float(tip)
        first, second = bounces
        edges += [(True, at), (False, at + first), (True, at + first + second), (False, at + 0.1)]
    assert _run(edges, tips + 1.0) == (False, tips)


class _Line:
    def __init__(self) -> None:
        self.waiting: list[Edge] = []

    def closed(self) -> bool:
        return False

    def edges(self) -> list[Edge]:
        found, self.waiting = self.waiting, []
        return found

    def close(self) -> None: ...


def _sensor(line: _Line, clock: list[float], count: str) -> ContactSensor:
    chosen = settings_of(type="contact", line=4, count=count, debounce="20ms", **WATER)
    return ContactSensor(chosen, lambda _settings: line, lambda: clock[0])


def test_pulses_are_those_since_the_last_sample() -> None:
    line, clock = _Line(), [0.0]
    sensor = _sensor(line, clock, "pulses")
    assert sensor.read(T0) == {"water_depth": 0.0}
    line.waiting = [Edge(True, 1.0), Edge(False, 1.1), Edge(True, 2.0), Edge(False, 2.1)]
    clock[0] = 10.0
    assert sensor.read(T0) == {"water_depth": 2.0}
    assert sensor.read(T0) == {"water_depth": 0.0}


def test_a_level_is_its_state_after_debouncing() -> None:
    line, clock = _Line(), [0.0]
    sensor = _sensor(line, clock, "level")
    line.waiting = [Edge(True, 1.0)]
    clock[0] = 1.01
    assert sensor.read(T0) == {"water_depth": 0.0}
    clock[0] = 1.03
    assert sensor.read(T0) == {"water_depth": 1.0}


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOENT, "sensor_missing"),
        (errno.EBUSY, "sensor_busy"),
        (errno.EACCES, "sensor_failed"),
    ],
)
def test_a_line_that_cannot_be_had_is_said(number: int, code: str) -> None:
    def refuse(_settings: ContactSettings) -> _Line:
        raise OSError(number, "no")

    chosen = settings_of(type="contact", line=4, count="level", **WATER)
    with pytest.raises(SensorError) as caught:
        ContactSensor(chosen, refuse).read(T0)
    assert caught.value.code == code


def test_a_full_queue_is_said_and_it_begins_anew() -> None:
    line, clock = _Line(), [0.0]
    sensor = _sensor(line, clock, "pulses")
    line.waiting = [Edge(n % 2 == 0, n / 10) for n in range(QUEUE)]
    with pytest.raises(SensorError, match="some were lost"):
        sensor.read(T0)
    assert sensor.read(T0) == {"water_depth": 0.0}
