"""An observation of an edge device is an alert by itself; the edge owns dwell and geometry."""

from datetime import datetime, timedelta

from hub_server.alerting.conditions.types import (
    Cleared,
    Condition,
    Firing,
    Step,
    ignore_tick,
    never_due,
    never_idle,
)
from hub_server.alerting.inputs import Input, ObservationInput, Tick
from hub_server.alerting.state import HeldState, Inner
from hub_server.alerting.when_camera import ObservationWhen

RENEW_S = 180.0
"""An observation that nobody renewed for so long holds no longer; the edge does every 60 s."""
MOST_OPEN = 200
"""Observations under way that one key follows; more count as one of them."""


def compile_observation(when: ObservationWhen) -> Condition:
    """Fires for every observation that fits; remembers nothing."""

    def step(state: Inner | None, item: Input, _at: datetime) -> Step:
        return state, late(item)

    def late(item: Input) -> Firing | None:
        return _firing(item) if isinstance(item, ObservationInput) else None

    return Condition(
        looks_at=frozenset({("observation", when.event)}),
        fits=lambda item: _fits(when, item),
        step=step,
        late=late,
        tick=ignore_tick,
        due=never_due,
        idle=never_idle,
        ends=False,
    )


def compile_held(when: ObservationWhen) -> Condition:
    """Fires for every observation that fits and follows it: cleared when none is under way."""

    def step(state: Inner | None, item: Input, at: datetime) -> Step:
        before = state if isinstance(state, HeldState) else HeldState()
        return _follow(before, item, at) if isinstance(item, ObservationInput) else (state, None)

    def tick(state: Inner, tick: Tick) -> Step:
        return _expire(state, tick) if isinstance(state, HeldState) else (state, None)

    def due(state: Inner) -> datetime | None:
        if not isinstance(state, HeldState) or not state.open:
            return None
        return min(state.open.values()) + timedelta(seconds=RENEW_S)

    return Condition(
        looks_at=frozenset({("observation", when.event), ("follows", when.event)}),
        fits=lambda item: _follows(item) or _fits(when, item),
        step=step,
        late=lambda item: _firing(item) if _begins(item) else None,
        tick=tick,
        due=due,
        idle=_follows,
    )


def _fits(when: ObservationWhen, item: Input) -> bool:
    if not isinstance(item, ObservationInput) or (when.labels and item.label not in when.labels):
        return False
    return item.count >= when.min_count


def _begins(item: Input) -> bool:
    return isinstance(item, ObservationInput) and item.phase == "start"


def _follows(item: Input) -> bool:
    return not _begins(item)


def _follow(state: HeldState, item: ObservationInput, at: datetime) -> Step:
    known = state.open
    if item.phase == "start":
        fresh = {item.observation_id: at} if len(known) < MOST_OPEN else {}
        return HeldState({**known, **fresh}), _firing(item)
    if item.observation_id not in known:
        return state, None
    if item.phase == "update":
        return HeldState({**known, item.observation_id: at}), None
    rest = {name: heard for name, heard in known.items() if name != item.observation_id}
    return _left(rest, item.time)


def _expire(state: HeldState, tick: Tick) -> Step:
    rest = {
        name: heard for name, heard in state.open.items() if not tick.received_for(RENEW_S, heard)
    }
    return (state, None) if len(rest) == len(state.open) else _left(rest, tick.now)


def _left(rest: dict[str, datetime], time: datetime) -> Step:
    return (HeldState(rest), None) if rest else (None, Cleared(time))


def _firing(item: Input) -> Firing | None:
    if not isinstance(item, ObservationInput):
        return None
    return Firing(
        site=item.site,
        time=item.time,
        event_id=item.event_id,
        zone=item.zone,
        observation_id=item.observation_id,
        pictures=item.pictures,
        values={
            "label": item.label,
            "count": item.count,
            "dwell_s": round(item.dwell_s, 1),
            "confidence": round(item.confidence, 3),
        },
    )
