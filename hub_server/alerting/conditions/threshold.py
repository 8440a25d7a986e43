"""A value past its limit for long enough fires once, until it is back at ``clear``."""

from datetime import datetime, timedelta

import msgspec

from hub_server.alerting.conditions.types import Cleared, Condition, Firing, Step
from hub_server.alerting.inputs import Input, MeasurementInput, Site, Tick
from hub_server.alerting.state import Inner, ThresholdState
from hub_server.alerting.when_sensor import ThresholdWhen

FINE = ThresholdState()


def compile_threshold(when: ThresholdWhen) -> Condition:
    """Of one sensor's values."""

    def step(state: Inner | None, item: Input, at: datetime) -> Step:
        before = state if isinstance(state, ThresholdState) else FINE
        if not isinstance(item, MeasurementInput):
            return state, None
        after, signal = step_threshold(when, before, item, at)
        return (None if after is FINE else after), signal

    def late(item: Input) -> Firing | None:
        alone = when.for_ == 0 and when.samples == 1
        if not isinstance(item, MeasurementInput) or not alone or not when.beyond(item.value):
            return None
        return _firing(when, item.site, item.time, item.value, item.unit, 0.0, item.event_id)

    def tick(state: Inner, tick: Tick) -> Step:
        if not isinstance(state, ThresholdState):
            return state, None
        return tick_threshold(when, state, tick)

    def due(state: Inner) -> datetime | None:
        return due_threshold(when, state) if isinstance(state, ThresholdState) else None

    def idle(item: Input) -> bool:
        return isinstance(item, MeasurementInput) and not when.beyond(item.value)

    return Condition(
        looks_at=frozenset({("measurement", when.metric)}),
        fits=lambda item: isinstance(item, MeasurementInput),
        step=step,
        late=late,
        tick=tick,
        due=due,
        idle=idle,
    )


def step_threshold(
    when: ThresholdWhen, state: ThresholdState, item: MeasurementInput, at: datetime
) -> tuple[ThresholdState, Firing | Cleared | None]:
    """One value; ``at`` is its time on the rule's clock."""
    if state.fired:
        return (FINE, Cleared(item.time)) if when.cleared(item.value) else (state, None)
    if not when.beyond(item.value):
        return FINE, None
    since = state.since or item.time
    grown = ThresholdState(
        site=item.site,
        since=since,
        arrived=state.arrived or at,
        samples=state.samples + 1,
        value=item.value,
        unit=item.unit,
        event_id=item.event_id,
    )
    held = (item.time - since).total_seconds()
    if grown.samples < when.samples or held < when.for_:
        return grown, None
    firing = _firing(when, item.site, item.time, item.value, item.unit, held, item.event_id)
    return msgspec.structs.replace(grown, fired=True), firing


def due_threshold(when: ThresholdWhen, state: ThresholdState) -> datetime | None:
    """When time alone makes it fire, on the rule's clock."""
    if not _may_ripen(when, state) or state.arrived is None:
        return None
    return state.arrived + timedelta(seconds=when.for_)


def tick_threshold(
    when: ThresholdWhen, state: ThresholdState, tick: Tick
) -> tuple[ThresholdState, Firing | None]:
    """The rule's clock has come to ``tick.now``."""
    if state.site is None or state.since is None or state.arrived is None:
        return state, None
    if not _may_ripen(when, state) or not tick.received_for(when.for_, state.arrived):
        return state, None
    time = state.since + timedelta(seconds=when.for_)
    firing = _firing(when, state.site, time, state.value, state.unit, when.for_, state.event_id)
    return msgspec.structs.replace(state, fired=True), firing


def _may_ripen(when: ThresholdWhen, state: ThresholdState) -> bool:
    """Only time is missing, and no value came that ended it."""
    return state.since is not None and not state.fired and state.samples >= when.samples


def _firing(
    when: ThresholdWhen,
    site: Site,
    time: datetime,
    value: float,
    unit: str,
    held: float,
    event_id: str,
) -> Firing:
    values: dict[str, float | int | str] = {
        "metric": when.metric,
        "value": value,
        "unit": unit,
        "limit": when.limit,
        "seconds": round(held, 1),
    }
    return Firing(site=site, time=time, values=values, event_id=event_id)
