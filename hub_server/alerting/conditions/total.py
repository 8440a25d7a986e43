"""What a meter counted within a window is past its limit: fires once, until it is back."""

from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from hub_server.alerting.conditions.measurement import on_measurement
from hub_server.alerting.conditions.types import Cleared, Condition, Firing, Step
from hub_server.alerting.inputs import MeasurementInput
from hub_server.alerting.state import TotalState
from hub_server.alerting.when_total import TotalWhen

SLOTS = 48
"""Parts of a window that are kept; the oldest counts whole, so a sum may be that much too wide."""
_DIGITS = 9


def compile_total(when: TotalWhen) -> Condition:
    """Of one sensor's values."""
    return on_measurement(when.metric, TotalState, partial(_step, when))


def _step(when: TotalWhen, before: TotalState, item: MeasurementInput) -> Step:
    state = _add(when, before, item)
    total = round(sum(value for _, value in state.slots), _DIGITS)
    if not _is_sure(when, state, total):
        return state, None
    if state.fired:
        over = when.cleared(total)
        after = msgspec.structs.replace(state, fired=not over)
        return after, Cleared(item.time) if over else None
    if not when.beyond(total):
        return state, None
    return msgspec.structs.replace(state, fired=True), _firing(when, item, total)


def _add(when: TotalWhen, before: TotalState, item: MeasurementInput) -> TotalState:
    if before.newest is None or (item.time - before.newest).total_seconds() > when.gap:
        # its first value tells of the time before, which nobody measured
        return TotalState(since=item.time, newest=item.time, fired=before.fired)
    newest = max(before.newest, item.time)
    width = when.window / SLOTS
    slot = datetime.fromtimestamp(item.time.timestamp() // width * width, UTC)
    sums = dict(before.slots)
    sums[slot] = sums.get(slot, 0.0) + item.value
    start = newest - timedelta(seconds=when.window + width)
    slots = tuple(sorted((at, value) for at, value in sums.items() if at > start))
    return TotalState(before.since, newest, slots, before.fired)


def _is_sure(when: TotalWhen, state: TotalState, total: float) -> bool:
    """A part of the window proves that there was much, only the whole one that there was little."""
    if state.since is None or state.newest is None:
        return False
    whole = (state.newest - state.since).total_seconds() >= when.window
    little = when.cleared(total) if when.upward else when.beyond(total)
    return whole or not little


def _firing(when: TotalWhen, item: MeasurementInput, total: float) -> Firing:
    values: dict[str, float | int | str] = {
        "metric": when.metric,
        "value": total,
        "unit": item.unit,
        "limit": when.limit,
        "hours": when.window / 3600,
    }
    return Firing(site=item.site, time=item.time, values=values, event_id=item.event_id)
