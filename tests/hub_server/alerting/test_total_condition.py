"""What a meter counted within a window: little is believed only of a whole window."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.alerting.conditions.total import SLOTS, compile_total
from hub_server.alerting.inputs import MeasurementInput, Site
from hub_server.alerting.signals import Cleared, Firing, Signal
from hub_server.alerting.state import Inner, KeyState, TotalState, from_json, to_json
from hub_server.alerting.when_total import TotalWhen

START = datetime(2026, 11, 22, tzinfo=UTC)
SITE = Site("330899", "pi-0001", "meter-1", "330899001001001", 29.0, 119.0, "表", "meter")
Sample = tuple[int, float]
"""(seconds since START, value)"""


def when(**limits: object) -> TotalWhen:
    given = {"type": "total", "metric": "water_meter", "window": "8h", "gap": "1h"}
    return TotalWhen.model_validate(given | limits)


def play(rule: TotalWhen, samples: list[Sample]) -> list[tuple[int, Signal]]:
    """What the condition says, and at which sample's time; its state passes the ledger."""
    condition, state, said = compile_total(rule), None, []
    for at, value in samples:
        time = START + timedelta(seconds=at)
        item = MeasurementInput(
            site=SITE, time=time, received_at=time, event_id=f"e{at}", metric="water_meter",
            value=value, unit="m³",
        )  # fmt: skip
        after, signal = condition.step(state, item, time)
        state = kept(after)
        if signal is not None:
            said.append((at, signal))
    return said


def kept(state: Inner | None) -> Inner | None:
    return from_json(to_json(KeyState(inner=state))).inner


HOUR = 3600


def test_much_is_told_as_soon_as_it_is_there() -> None:
    [(at, firing)] = play(when(above=5), [(0, 100.0), (60, 3.0), (120, 3.0), (180, 3.0)])
    assert at == 120
    assert isinstance(firing, Firing)
    assert firing.values["value"] == 6.0
    assert firing.values["hours"] == 8


def test_much_is_over_only_when_a_whole_window_says_so() -> None:
    busy = [(0, 0.0), (60, 6.0)]
    quiet = [(60 + n * 1800, 0.0) for n in range(1, 20)]
    said = play(when(above=5), busy + quiet)
    assert [type(signal) for _, signal in said] == [Firing, Cleared]
    assert said[1][0] >= 8 * HOUR


@pytest.mark.parametrize(("gap_s", "fires"), [(HOUR, True), (HOUR + 1, False)])
def test_a_silence_longer_than_the_gap_begins_the_window_anew(gap_s: int, fires: bool) -> None:
    samples = [(at, 0.0) for at in range(0, 4 * HOUR + 1, 1800)]
    samples += [(4 * HOUR + gap_s + n * 1800, 0.0) for n in range(7)]
    said = play(when(below=1), samples)
    assert [at for at, _ in said] == ([4 * HOUR + gap_s + 3 * HOUR] if gap_s == HOUR else [])
    assert bool(said) is fires


def test_an_alert_outlives_a_gap_and_ends_with_the_first_use() -> None:
    samples = [(at, 0.0) for at in range(0, 8 * HOUR + 1, 1800)]
    samples += [(20 * HOUR, 0.0), (20 * HOUR + 60, 2.0)]
    said = play(when(below=1), samples)
    assert [type(signal) for _, signal in said] == [Firing, Cleared]
    assert said[1][0] == 20 * HOUR + 60


@given(st.lists(st.tuples(st.integers(1, 300), st.floats(0, 0.5)), min_size=20, max_size=80))
def test_the_sum_is_that_of_the_window_but_for_its_oldest_part(steps: list[Sample]) -> None:
    """Between the sum of the window and that of a window one part wider."""
    rule, at, samples = when(below=1, window="30min"), 0, []
    for step, value in steps:
        at += step
        samples.append((at, value))
    condition, state = compile_total(rule), None
    for n, (at, value) in enumerate(samples):
        time = START + timedelta(seconds=at)
        item = MeasurementInput(
            site=SITE, time=time, received_at=time, event_id="e", metric="water_meter",
            value=value, unit="m³",
        )  # fmt: skip
        state, _ = condition.step(state, item, time)
        assert isinstance(state, TotalState)
        assert len(state.slots) <= SLOTS + 2
        total = sum(kept for _, kept in state.slots)
        width = rule.window / SLOTS
        seen = samples[1 : n + 1]  # the first tells of the time before
        least = sum(v for when_, v in seen if when_ > at - rule.window)
        most = sum(v for when_, v in seen if when_ > at - rule.window - width)
        assert least - 1e-6 <= total <= most + 1e-6
