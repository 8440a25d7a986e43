"""What rules remember goes once nobody can need it any more, and no sooner."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.alerting.book import Book
from hub_server.alerting.engine import Arrival, Limits, evaluate
from hub_server.alerting.inputs import MeasurementInput, Site
from hub_server.alerting.outlived import Keeping, Review, newest, span_of
from hub_server.alerting.rules import Rule, Rules, compile_pack
from hub_server.alerting.signals import Firing
from hub_server.alerting.spec import Pack
from hub_server.alerting.state import (
    GroupState,
    Inner,
    KeyState,
    LevelsState,
    NoDataState,
    RateState,
    ThresholdState,
    Truth,
)
from linli_contract.limits import OUTBOX_MAX_AGE_S
from linli_settings import parse
from tests.support.hub import GRID, NOW

DAY = timedelta(days=1)
SITE = Site("330899", "pi-0001", "gas-1", GRID, 29.0, 119.0, "燃气", "gas")
PACK = """
pack: test
version: 2026-01-01
rules:
  - name: rule
    type: gas_leak
    colour: orange
    when: {when}
    scope: {scope}
    cool_down: 1h
    group: {{by: [type, source]}}
    reason: {{zh: "{{name}}", en: "{{name}}"}}
    source: "a test"
"""
RATE = "{type: rate, metric: gas_lel, rising: 10 %LEL/min, window: 2d}"
HIGH = "{type: threshold, metric: gas_lel, above: 10}"
SILENT = "{type: no_data, of: measurement, after: 90s}"
BOTH = (
    "{type: any, of: {high: {type: threshold, metric: gas_lel, above: 10},"
    " low: {type: threshold, metric: gas_lel, below: 1}}}"
)
KEEPING = Keeping(resend_s=8 * 86400.0, open_s=400 * 86400.0)


def rule(when: str, scope: str = "source") -> Rule:
    return compile_pack(parse(PACK.format(when=when, scope=scope), Pack), "set1")[0]


class People:
    """A county of pi-0001 with its registered gas-1; ``heard`` is its newest clock."""

    def __init__(self, heard: datetime | None = None) -> None:
        self._heard = heard

    def enrolled(self, device: str) -> bool:
        return device == "pi-0001"

    def registered(self, device: str, source: str) -> bool:
        return source in (device, "gas-1")

    def heard(self, device: str) -> datetime | None:
        return self._heard


def review(now: datetime, heard: datetime | None = None) -> Review:
    return Review(People(heard), KEEPING, now)


def held(inner: Inner, alert: str = "") -> KeyState:
    return KeyState(inner=inner, alert=alert, community="c")


FIRED = held(ThresholdState(since=NOW, arrived=NOW, fired=True), "a1")
SAMPLES = held(RateState(((NOW - DAY, 1.0), (NOW, 2.0))))
MISSED = held(NoDataState(SITE, NOW, fired=True), "a1")


def test_a_clock_goes_when_nothing_older_can_come() -> None:
    state = KeyState(clock=NOW)
    assert review(NOW + 8 * DAY).clock("pi-0001/gas-1", state) is state
    assert review(NOW + 8.01 * DAY).clock("pi-0001/gas-1", state).empty
    assert review(NOW).clock("pi-0002/gas-1", state).empty


def test_samples_are_kept_for_the_window_on_top() -> None:
    looked_at = rule(RATE)
    assert span_of(looked_at.spec) == 2 * 86400 + 3600
    after = NOW + 10 * DAY
    assert review(after).rule(looked_at, "pi-0001/gas-1", SAMPLES) is SAMPLES
    assert review(after + DAY).rule(looked_at, "pi-0001/gas-1", SAMPLES).empty


def test_the_spans_of_sub_conditions_count_too() -> None:
    looked_at = rule(BOTH.replace("above: 10}", "above: 10, for: 2h}"), "community")
    assert span_of(looked_at.spec) == 3600 + 7200 + 300, "cool-down, for, within"


@pytest.mark.parametrize(
    ("when", "state"),
    [
        (HIGH, FIRED),
        (HIGH, held(LevelsState((ThresholdState(since=NOW, fired=True),), 0), "a1")),
        (SILENT, MISSED),
    ],
)
def test_what_is_open_stays_while_its_device_speaks(when: str, state: KeyState) -> None:
    after = NOW + 900 * DAY
    assert review(after, heard=after).rule(rule(when), "pi-0001/gas-1", state) is state
    invented = review(after, heard=after).rule(rule(when), "pi-0001/gas-9", state)
    assert invented.empty
    younger = NOW + 399 * DAY
    assert review(younger, heard=younger).rule(rule(when), "pi-0001/gas-9", state) is state


def test_an_alarm_of_a_device_that_is_silent_is_kept_as_long_as_alerts() -> None:
    looked_at = rule(HIGH)
    assert review(NOW + 399 * DAY, heard=NOW).rule(looked_at, "pi-0001/gas-1", FIRED) is FIRED
    assert review(NOW + 401 * DAY, heard=NOW).rule(looked_at, "pi-0001/gas-1", FIRED).empty


def test_an_enrolled_device_is_missed_for_ever() -> None:
    for state in (MISSED, held(NoDataState(SITE, NOW))):
        for scope, key in (("source", "pi-0001/gas-1"), ("device", "pi-0001")):
            looked_at = rule(SILENT.replace("measurement", "heartbeat"), "device")
            if scope == "source":
                looked_at = rule(SILENT)
            assert review(NOW + 9999 * DAY, heard=NOW).rule(looked_at, key, state) is state


@pytest.mark.parametrize("state", [FIRED, SAMPLES, MISSED])
def test_a_device_that_is_gone_is_forgotten_at_once(state: KeyState) -> None:
    for scope, key in (("source", "pi-0002/gas-1"), ("device", "pi-0002")):
        looked_at = rule(SILENT.replace("measurement", "heartbeat"), "device")
        if scope == "source":
            looked_at = rule(HIGH)
        assert review(NOW).rule(looked_at, key, state).empty


def test_an_area_is_no_device() -> None:
    looked_at = rule("{type: count, events: [intrusion], at_least: 3, window: 10min}", "grid")
    assert review(NOW + 9999 * DAY).rule(looked_at, GRID, SAMPLES) is SAMPLES


def test_sub_conditions_of_a_device_that_is_gone_no_longer_hold() -> None:
    looked_at = rule(BOTH, "community")
    part = ThresholdState(since=NOW, fired=True)
    truth = Truth(Firing(site=SITE, time=NOW, values={}), NOW, holds=True)
    here, gone = "high|pi-0001/gas-1", "high|pi-0002/gas-1"
    both = held(GroupState({here: part, gone: part}, {here: truth, gone: truth}, True), "a1")
    left = review(NOW + DAY).rule(looked_at, "c", both)
    assert isinstance(left.inner, GroupState)
    assert set(left.inner.parts) == {here}
    assert left.inner.truths[here].holds
    assert not left.inner.truths[gone].holds
    assert left.due == NOW + DAY, "a tick judges what is left"
    assert review(NOW + DAY).rule(looked_at, "c", left) is left
    over = held(GroupState({gone: part}))
    assert review(NOW).rule(looked_at, "c", over).empty


def test_times_to_come_say_nothing_of_age() -> None:
    state = KeyState(clock=NOW, again=NOW + DAY, check=NOW + DAY, due=NOW + DAY)
    assert newest(state, NOW) == NOW
    assert newest(KeyState(), NOW) is None


def arrival(time: datetime, value: float, arrived: datetime) -> Arrival:
    item = MeasurementInput(
        site=SITE,
        time=time,
        received_at=arrived,
        event_id=f"{time:%d%H%M%S}",
        metric="gas_lel",
        value=value,
        unit="%LEL",
    )
    return Arrival(item, arrived)


message = st.tuples(
    st.integers(0, 40 * 86400),  # made at
    st.integers(0, OUTBOX_MAX_AGE_S),  # under way
    st.sampled_from([0.0, 5000.0, 90000.0]),
)


@given(st.lists(message, max_size=12, unique_by=lambda one: one[0]))
def test_forgetting_changes_no_alert(messages: list[tuple[int, int, float]]) -> None:
    feed = sorted((made + delay, made, value) for made, delay, value in messages)
    assert play(feed, forgetful=True) == play(feed, forgetful=False)


def play(feed: list[tuple[int, int, float]], forgetful: bool) -> list[datetime]:
    looked_at = rule(RATE)
    looked_at = Rule(
        looked_at.spec.model_copy(update={"at_once": True}), "set1", looked_at.condition
    )
    book, times = Book({}), []
    for arrived, made, value in feed:
        now, time = NOW + timedelta(seconds=arrived), NOW + timedelta(seconds=made)
        if forgetful:
            state = book.get("rule", "pi-0001/gas-1")
            left = review(now, heard=now).rule(looked_at, "pi-0001/gas-1", state or KeyState())
            if state is not None and left is not state:
                book.adopt({("rule", "pi-0001/gas-1"): left})
        draft = book.draft()
        alerts = evaluate(Rules((looked_at,)), draft, [arrival(time, value, now)], Limits(), now)
        book.adopt(draft.changes)
        times += [alert.time for alert in alerts]
    return times
