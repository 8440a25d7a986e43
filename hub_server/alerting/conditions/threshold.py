"""A value past its limit for long enough fires once, until it is back at ``clear``."""

from datetime import datetime, timedelta

import msgspec

from hub_server.alerting.conditions.types import Condition, Firing, Step
from hub_server.alerting.inputs import Input, MeasurementInput, Site, Tick
from hub_server.alerting.state import Inner, ThresholdState
from hub_server.alerting.when import ThresholdWhen

_FINE = ThresholdState()


def compile_threshold(when: ThresholdWhen) -> Condition:
    """Keyed by device and sensor."""

    def key(item: Input) -> str | None:
        if not isinstance(item, MeasurementInput) or item.metric != when.metric:
            return None
        return f"{item.site.device}/{item.site.source}"

    def step(state: Inner | None, item: Input) -> Step:
        before = state if isinstance(state, ThresholdState) else _FINE
        return _step(when, before, item) if isinstance(item, MeasurementInput) else (state, None)

    def late(item: Input) -> Firing | None:
        alone = when.for_ == 0 and when.samples == 1
        if not isinstance(item, MeasurementInput) or not alone or not when.beyond(item.value):
            return None
        return _firing(when, item.site, item.time, item.value, item.unit, 0.0, item.event_id)

    def tick(state: Inner, tick: Tick) -> Step:
        return _tick(when, state, tick) if isinstance(state, ThresholdState) else (state, None)

    def due(state: Inner) -> datetime | None:
        if not isinstance(state, ThresholdState) or not _may_ripen(when, state):
            return None
        return state.arrived + timedelta(seconds=when.for_) if state.arrived else None

    return Condition(key, step, late, tick, due)


def _step(when: ThresholdWhen, state: ThresholdState, item: MeasurementInput) -> Step:
    if state.fired:
        return (_FINE if when.cleared(item.value) else state), None
    if not when.beyond(item.value):
        return _FINE, None
    since = state.since or item.time
    grown = ThresholdState(
        site=item.site,
        since=since,
        arrived=state.arrived or item.received_at,
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


def _may_ripen(when: ThresholdWhen, state: ThresholdState) -> bool:
    """Only time is missing, and no value came that ended it."""
    return state.since is not None and not state.fired and state.samples >= when.samples


def _tick(when: ThresholdWhen, state: ThresholdState, tick: Tick) -> Step:
    if state.site is None or state.since is None or state.arrived is None:
        return state, None
    if not _may_ripen(when, state) or not tick.received_for(when.for_, state.arrived):
        return state, None
    time = state.since + timedelta(seconds=when.for_)
    firing = _firing(when, state.site, time, state.value, state.unit, when.for_, state.event_id)
    return msgspec.structs.replace(state, fired=True), firing


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
