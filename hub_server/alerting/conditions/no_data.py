"""Silence: judged only over time in which the hub was receiving and had read its backlog."""

from datetime import datetime, timedelta

import msgspec

from hub_server.alerting.conditions.types import (
    EVERY,
    Cleared,
    Condition,
    Firing,
    Step,
    never_idle,
    nothing_late,
)
from hub_server.alerting.inputs import HeartbeatInput, Input, MeasurementInput, Tick
from hub_server.alerting.state import Inner, NoDataState
from hub_server.alerting.when_sensor import NoDataWhen


def compile_no_data(when: NoDataWhen) -> Condition:
    """Of one device, or of one sensor; what never spoke is not missed."""
    measured = ("measurement", when.metric or EVERY)

    def step(state: Inner | None, item: Input, at: datetime) -> Step:
        if not isinstance(item, HeartbeatInput | MeasurementInput):
            return state, None
        was_silent = isinstance(state, NoDataState) and state.fired
        return NoDataState(item.site, at), Cleared(item.time) if was_silent else None

    def tick(state: Inner, tick: Tick) -> Step:
        return _tick(when, state, tick) if isinstance(state, NoDataState) else (state, None)

    def due(state: Inner) -> datetime | None:
        if not isinstance(state, NoDataState) or state.fired or state.seen is None:
            return None
        return state.seen + timedelta(seconds=when.after)

    return Condition(
        looks_at=frozenset({("heartbeat", "") if when.of == "heartbeat" else measured}),
        fits=lambda _: True,
        step=step,
        late=nothing_late,
        tick=tick,
        due=due,
        idle=never_idle,
        absence=True,
    )


def _tick(when: NoDataWhen, state: NoDataState, tick: Tick) -> Step:
    if state.fired or state.site is None or state.seen is None:
        return state, None
    if not tick.received_for(when.after, state.seen):
        return state, None
    silent = (tick.now - state.seen).total_seconds()
    firing = Firing(site=state.site, time=tick.now, values={"seconds": round(silent)})
    return msgspec.structs.replace(state, fired=True), firing
