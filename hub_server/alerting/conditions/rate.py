"""A value that changes too fast over a window fires once, until it is slow again."""

from datetime import datetime, timedelta
from functools import partial

from hub_server.alerting.conditions.measurement import on_measurement
from hub_server.alerting.conditions.types import Cleared, Condition, Firing, Step
from hub_server.alerting.inputs import MeasurementInput
from hub_server.alerting.state import RateState
from hub_server.alerting.when_sensor import RateWhen

MOST_SAMPLES = 120
"""Of one window; of more, every second one is left out: only the ends decide."""
_Sample = tuple[datetime, float]


def compile_rate(when: RateWhen) -> Condition:
    """Of one sensor's values: newest minus oldest inside the window, over the time between."""
    return on_measurement(when.metric, RateState, partial(_step, when))


def _step(when: RateWhen, state: RateState, item: MeasurementInput) -> Step:
    samples = _inside(when, state.samples, (item.time, item.value))
    per_s = _rate(when, samples)
    if per_s is None:
        return RateState(samples, state.fired), None
    if state.fired:
        over = when.cleared(per_s)
        return RateState(samples, not over), Cleared(item.time) if over else None
    if not when.beyond(per_s):
        return RateState(samples), None
    return RateState(samples, fired=True), _firing(when, item, per_s)


def _inside(when: RateWhen, before: tuple[_Sample, ...], new: _Sample) -> tuple[_Sample, ...]:
    samples = sorted([*before, new])
    start = samples[-1][0] - timedelta(seconds=when.window)
    inside = [sample for sample in samples if sample[0] >= start]
    return tuple(inside if len(inside) <= MOST_SAMPLES else [*inside[:-1:2], inside[-1]])


def _rate(when: RateWhen, samples: tuple[_Sample, ...]) -> float | None:
    """A change a second; None while less than half of the window was measured."""
    (first, low), (last, high) = samples[0], samples[-1]
    span = (last - first).total_seconds()
    return (high - low) / span if span > 0 and span >= when.window / 2 else None


def _firing(when: RateWhen, item: MeasurementInput, per_s: float) -> Firing:
    limit = when.limit(per_s)
    if limit is None:
        raise ValueError("rate: expected a limit in its direction")
    values: dict[str, float | int | str] = {
        "metric": when.metric,
        "value": item.value,
        "unit": item.unit,
        "rate": round(limit.of(per_s), 3),
        "limit": limit.value,
        "per": limit.per,
        "minutes": when.window / 60,
    }
    return Firing(site=item.site, time=item.time, values=values, event_id=item.event_id)
