"""Silence: judged only over time in which the hub was receiving and had read its backlog."""

from datetime import datetime, timedelta

import msgspec

from hub_server.alerting.conditions.types import Condition, Firing, Step, nothing_late
from hub_server.alerting.inputs import HeartbeatInput, Input, MeasurementInput, Tick
from hub_server.alerting.state import Inner, NoDataState
from hub_server.alerting.when import NoDataWhen


def compile_no_data(when: NoDataWhen) -> Condition:
    """Keyed by device, or by device and sensor; what never spoke is not missed."""

    def key(item: Input) -> str | None:
        match item:
            case HeartbeatInput() if when.of == "heartbeat":
                return item.site.device
            case MeasurementInput() if when.of == "measurement":
                fits = when.metric in ("", item.metric)
                return f"{item.site.device}/{item.site.source}" if fits else None
        return None

    def step(state: Inner | None, item: Input) -> Step:
        if not isinstance(item, HeartbeatInput | MeasurementInput):
            return state, None
        return NoDataState(item.site, item.received_at), None

    def tick(state: Inner, tick: Tick) -> Step:
        return _tick(when, state, tick) if isinstance(state, NoDataState) else (state, None)

    def due(state: Inner) -> datetime | None:
        if not isinstance(state, NoDataState) or state.fired or state.seen is None:
            return None
        return state.seen + timedelta(seconds=when.after)

    return Condition(key, step, nothing_late, tick, due)


def _tick(when: NoDataWhen, state: NoDataState, tick: Tick) -> Step:
    if state.fired or state.site is None or state.seen is None:
        return state, None
    if not tick.received_for(when.after, state.seen):
        return state, None
    silent = (tick.now - state.seen).total_seconds()
    firing = Firing(site=state.site, time=tick.now, values={"seconds": round(silent)})
    return msgspec.structs.replace(state, fired=True), firing
