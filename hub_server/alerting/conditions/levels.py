"""Several limits of one sensor as one alert: it rises at once and falls with its hysteresis."""

from datetime import datetime

import msgspec

from hub_server.alerting.conditions.threshold import (
    FINE,
    compile_threshold,
    due_threshold,
    step_threshold,
    tick_threshold,
)
from hub_server.alerting.conditions.types import Cleared, Condition, Firing, Signal, Step
from hub_server.alerting.inputs import Input, MeasurementInput, Tick
from hub_server.alerting.signals import Value
from hub_server.alerting.state import Inner, LevelsState, ThresholdState
from hub_server.alerting.when_sensor import LevelsWhen, ThresholdWhen

_Parts = tuple[ThresholdState, ...]


class _Levels:
    """The levels of one rule."""

    def __init__(self, when: LevelsWhen) -> None:
        self.limits: tuple[ThresholdWhen, ...] = when.thresholds
        self.colours = [level.colour for level in when.levels]
        self._late = [compile_threshold(limit).late for limit in self.limits]
        metrics = {limit.metric for limit in self.limits}
        self._of_metric = {
            metric: [limit for limit in self.limits if limit.metric == metric] for metric in metrics
        }

    def of(self, state: Inner | None) -> LevelsState:
        fresh = LevelsState((FINE,) * len(self.limits))
        same = isinstance(state, LevelsState) and len(state.parts) == len(self.limits)
        return state if same and isinstance(state, LevelsState) else fresh

    def step(self, state: Inner | None, item: Input, at: datetime) -> Step:
        before = self.of(state)
        if not isinstance(item, MeasurementInput):
            return state, None
        parts, told = [], []
        for limit, part in zip(self.limits, before.parts, strict=True):
            ours = item.metric == limit.metric
            part, signal = step_threshold(limit, part, item, at) if ours else (part, None)
            parts.append(part)
            told.append(signal)
        return self._compare(before, tuple(parts), told, item.time, item)

    def tick(self, state: Inner, tick: Tick) -> Step:
        before = self.of(state)
        pairs = [
            tick_threshold(limit, part, tick)
            for limit, part in zip(self.limits, before.parts, strict=True)
        ]
        told: list[Signal | None] = [signal for _, signal in pairs]
        return self._compare(before, tuple(part for part, _ in pairs), told, tick.now)

    def due(self, state: Inner) -> datetime | None:
        parts = self.of(state).parts
        dues = [due_threshold(limit, part) for limit, part in zip(self.limits, parts, strict=True)]
        return min((due for due in dues if due), default=None)

    def late(self, item: Input) -> Firing | None:
        graver = [
            self._coloured(firing, level)
            for level, late in enumerate(self._late)
            if isinstance(item, MeasurementInput) and item.metric == self.limits[level].metric
            if (firing := late(item))
        ]
        return graver[-1] if graver else None

    def idle(self, item: Input) -> bool:
        if not isinstance(item, MeasurementInput):
            return False
        limits = self._of_metric.get(item.metric, ())
        return not any(limit.beyond(item.value) for limit in limits)

    def _compare(
        self,
        before: LevelsState,
        parts: _Parts,
        told: list[Signal | None],
        time: datetime,
        item: MeasurementInput | None = None,
    ) -> Step:
        level = max((n for n, part in enumerate(parts) if part.fired), default=-1)
        after = LevelsState(parts, level) if any(part != FINE for part in parts) else None
        if level == before.level:
            return after, None
        if level < 0:
            return after, Cleared(time)
        firing = told[level]
        if not isinstance(firing, Firing):  # a graver one ended
            firing = self._eased(level, parts[level], time, item)
        return after, self._coloured(firing, level)

    def _eased(
        self, level: int, part: ThresholdState, time: datetime, item: MeasurementInput | None
    ) -> Firing:
        limit = self.limits[level]
        site = part.site or (item.site if item else None)
        if site is None:
            raise ValueError(f"level {level}: expected one that holds with a value")
        newest = item.value if item and item.metric == limit.metric else part.value
        values: dict[str, Value] = {
            "metric": limit.metric,
            "value": newest,
            "unit": part.unit,
            "limit": limit.limit,
            "seconds": 0.0,
        }
        event_id = item.event_id if item else part.event_id
        return Firing(site=site, time=time, values=values, event_id=event_id, eases=True)

    def _coloured(self, firing: Firing, level: int) -> Firing:
        colour = self.colours[level]
        values = {**firing.values, "colour": colour.value}
        return msgspec.structs.replace(firing, values=values, colour=colour)


def compile_levels(when: LevelsWhen) -> Condition:
    """Of one sensor's values; the alert's colour is that of the gravest level that holds."""
    levels = _Levels(when)
    return Condition(
        looks_at=frozenset(("measurement", limit.metric) for limit in levels.limits),
        fits=lambda item: isinstance(item, MeasurementInput),
        step=levels.step,
        late=levels.late,
        tick=levels.tick,
        due=levels.due,
        idle=levels.idle,
    )
