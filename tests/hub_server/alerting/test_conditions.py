"""Conditions as pure functions, in virtual time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hub_server.alerting.conditions.count import compile_count
from hub_server.alerting.conditions.no_data import compile_no_data
from hub_server.alerting.conditions.observation import compile_observation
from hub_server.alerting.conditions.threshold import compile_threshold
from hub_server.alerting.conditions.types import Condition, Firing, interest_of
from hub_server.alerting.inputs import (
    HeartbeatInput,
    Input,
    MeasurementInput,
    ObservationInput,
    Site,
    Tick,
    arrived_at,
)
from hub_server.alerting.state import Inner, KeyState, from_json, to_json
from hub_server.alerting.when import CountWhen, NoDataWhen, ObservationWhen, ThresholdWhen
from tests.support.hub import GRID, NOW

SITE = Site("330899", "pi-0001", "gas-1", GRID, 29.0, 119.0, "燃气", "gas")


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def value(seconds: float, number: float) -> MeasurementInput:
    return MeasurementInput(
        site=SITE,
        time=at(seconds),
        received_at=at(seconds),
        event_id=f"e{seconds:g}",
        metric="gas_lel",
        value=number,
        unit="%LEL",
    )


def seen(seconds: float, event: str = "loitering", **fields: object) -> ObservationInput:
    plain = ObservationInput(
        site=SITE,
        time=at(seconds),
        event_id=f"e{seconds:g}",
        event_type=event,
        observation_id=f"o{seconds:g}",
        zone="yard",
        label="person",
    )
    return msgspec.structs.replace(plain, **fields)


def looks(condition: Condition, item: Input) -> bool:
    """Whether the condition is about an input."""
    kind, name = interest_of(item)
    return bool({(kind, name), (kind, "*")} & condition.looks_at) and condition.fits(item)


def step(condition: Condition, state: Inner | None, item: Input) -> tuple[Inner | None, bool]:
    """The state after an input that arrives when it happens, and whether it fires."""
    state, signal = condition.step(state, item, arrived_at(item))
    return state, isinstance(signal, Firing)


def play(condition: Condition, items: Sequence[Input]) -> list[datetime]:
    """When the condition fires."""
    state: Inner | None = None
    fired = []
    for item in items:
        assert looks(condition, item)
        state, firing = condition.step(state, item, arrived_at(item))
        state = from_json(to_json(KeyState(inner=state))).inner  # it may live in the ledger between
        if isinstance(firing, Firing):
            fired.append(firing.time)
    return fired


def limit(**fields: object) -> Condition:
    values = {"type": "threshold", "metric": "gas_lel", **fields}
    return compile_threshold(ThresholdWhen.model_validate(values))


@given(st.lists(st.floats(0, 20), max_size=40))
def test_a_threshold_fires_once_an_excursion(numbers: list[float]) -> None:
    fired = play(limit(above=10, clear=8), [value(n, number) for n, number in enumerate(numbers)])
    expected, armed = [], True
    for n, number in enumerate(numbers):
        if armed and number > 10:
            expected.append(at(n))
            armed = False
        elif not armed and number <= 8:
            armed = True
    assert fired == expected


def test_below_is_the_mirror_of_above() -> None:
    items = [value(0, 5), value(1, 4.9), value(2, 5), value(3, 6), value(4, 4)]
    assert play(limit(below=5, clear=6), items) == [at(1), at(4)]


def test_for_counts_event_time_without_a_break() -> None:
    items = [value(0, 11), value(29, 12), value(30, 9), value(31, 11), value(60, 11), value(61, 11)]
    assert play(limit(above=10, **{"for": "30s"}), items) == [at(61)]


def test_samples_count_values_in_a_row() -> None:
    items = [value(0, 11), value(1, 9), value(2, 11), value(3, 11)]
    assert play(limit(above=10, samples=2), items) == [at(3)]


def pending(condition: Condition, item: MeasurementInput) -> Inner:
    state, fired = step(condition, None, item)
    assert state is not None
    assert not fired
    return state


def test_the_clock_ripens_a_for_only_while_the_hub_receives() -> None:
    condition = limit(above=10, **{"for": "60s"})
    state = pending(condition, value(0, 11))
    assert condition.due(state) == at(60)
    assert condition.tick(state, Tick(at(59), at(-100)))[1] is None
    assert condition.tick(state, Tick(at(200), None))[1] is None
    assert condition.tick(state, Tick(at(200), at(150)))[1] is None
    after, firing = condition.tick(state, Tick(at(60), at(-100)))
    assert firing is not None
    assert (firing.time, firing.event_id) == (at(60), "e0")
    assert after is not None
    assert condition.due(after) is None
    assert condition.tick(after, Tick(at(120), at(-100)))[1] is None


def test_the_clock_cannot_replace_a_missing_sample() -> None:
    condition = limit(above=10, samples=2, **{"for": "60s"})
    state = pending(condition, value(0, 11))
    assert condition.due(state) is None
    assert condition.tick(state, Tick(at(600), at(-100)))[1] is None


def test_a_late_value_speaks_only_for_itself() -> None:
    firing = limit(above=10).late(value(0, 11))
    assert firing is not None
    assert firing.values["value"] == 11
    assert limit(above=10).late(value(0, 9)) is None
    assert limit(above=10, **{"for": "1s"}).late(value(0, 11)) is None
    assert limit(above=10, samples=2).late(value(0, 11)) is None


def test_a_threshold_looks_at_its_metric_only() -> None:
    assert looks(limit(above=10), value(0, 1))
    assert not looks(limit(above=10, metric="co"), value(0, 1))
    assert not looks(limit(above=10), seen(0))


def count(**fields: object) -> Condition:
    values = {"type": "count", "events": ["loitering"], "at_least": 3, "window": "10min", **fields}
    return compile_count(CountWhen.model_validate(values))


def test_a_count_fires_once_until_the_window_is_emptier() -> None:
    items = [seen(n) for n in (0, 100, 599, 650, 2000, 2100, 2200)]
    assert play(count(), items) == [at(599), at(2200)]


def test_a_count_takes_what_comes_out_of_order() -> None:
    assert play(count(), [seen(500), seen(0), seen(100)]) == [at(100)]


@given(st.lists(st.integers(0, 5000), max_size=60))
def test_a_count_keeps_no_more_than_it_needs(times: list[int]) -> None:
    condition, state = count(), None
    for time in times:
        state, _ = step(condition, state, seen(time))
        assert len(getattr(state, "times", ())) <= 3


def test_a_count_looks_at_its_events_only() -> None:
    assert looks(count(), seen(0))
    assert not looks(count(), seen(0, "intrusion"))


def test_an_observation_fires_for_its_labels_and_count_only() -> None:
    when = {"type": "observation", "event": "crowd", "labels": ["person"], "min_count": 5}
    condition = compile_observation(ObservationWhen.model_validate(when))
    assert looks(condition, seen(0, "crowd", count=5))
    assert not looks(condition, seen(0, "crowd", count=4))
    assert not looks(condition, seen(0, "crowd", count=5, label="dog"))
    assert not looks(condition, seen(0, "intrusion", count=5))


def silence(**fields: object) -> Condition:
    values = {"type": "no_data", "of": "heartbeat", "after": "90s", **fields}
    return compile_no_data(NoDataWhen.model_validate(values))


def beat(seconds: float) -> HeartbeatInput:
    return HeartbeatInput(site=SITE, time=at(seconds), received_at=at(seconds), event_id="h")


@given(
    st.integers(0, 1000),
    st.integers(0, 2000),
    st.one_of(st.none(), st.integers(-100, 2000)),
)
def test_silence_is_judged_only_over_time_the_hub_received(
    last: int, now: int, receiving: int | None
) -> None:
    condition = silence()
    state, _ = step(condition, None, beat(last))
    assert state is not None
    since = None if receiving is None else at(receiving)
    _, firing = condition.tick(state, Tick(at(now), since))
    heard = receiving is not None and now - max(last, receiving) >= 90
    assert (firing is not None) == heard


def test_silence_fires_once_and_again_after_a_word() -> None:
    condition = silence()
    state, _ = step(condition, None, beat(0))
    assert state is not None
    state, first = condition.tick(state, Tick(at(90), at(-9)))
    assert state is not None
    assert first is not None
    assert condition.due(state) is None
    assert condition.tick(state, Tick(at(900), at(-9)))[1] is None
    state, _ = step(condition, state, beat(1000))
    assert state is not None
    assert condition.due(state) == at(1090)


def test_silence_of_sensors_looks_at_its_metric_only() -> None:
    assert looks(silence(of="measurement"), value(0, 1))
    assert not looks(silence(of="measurement", metric="co"), value(0, 1))
    assert not looks(silence(of="measurement"), beat(0))
    assert looks(silence(), beat(0))
