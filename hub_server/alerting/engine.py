"""Runs the rules over what came in: pure but for the state it is given.

Event time per source: rules marked ``at_once`` see an input when it arrives, others when the
source's clock has passed the input's time by the allowed lateness, in order of time.

An input that was older than the allowed lateness when it arrived (a device's backlog) takes its
turn as any other, but the alert it fires is late: it opens or joins, and pages nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from hub_server.alerting.conditions.types import Firing
from hub_server.alerting.inputs import Input, Tick
from hub_server.alerting.rules import Rule, Rules
from hub_server.alerting.state import KeyState
from hub_server.alerting.text import fill
from hub_server.alerting.types import Alert, Reason, alert_id

MAX_WAITING = 2000
"""Inputs that may wait per rule and key; the oldest of more is judged early."""
_EMPTY = KeyState()


class StateView(Protocol):
    """Where the state of rules is read and written."""

    def get(self, rule: str, key: str) -> KeyState | None: ...
    def put(self, rule: str, key: str, state: KeyState) -> None: ...


@dataclass(frozen=True)
class Arrival:
    """An input and its source's clock when it came: the newest event time, never beyond now."""

    item: Input
    clock: datetime


@dataclass(frozen=True)
class Limits:
    """What the county allows."""

    late_s: float = 600.0
    """How far behind its source's clock an event may come and still count."""


def evaluate(
    rules: Rules, view: StateView, arrivals: Sequence[Arrival], limits: Limits, now: datetime
) -> list[Alert]:
    """The alerts that ``arrivals`` fire, in order; ``now`` is the hub's clock."""
    alerts: list[Alert] = []
    for arrival in arrivals:
        for rule in rules.active():

            def run(rule: Rule = rule, arrival: Arrival = arrival) -> None:
                alerts.extend(_arrive(rule, view, arrival, limits, now))

            rules.guard(rule, run)
    return alerts


def evaluate_tick(
    rules: Rules, view: StateView, due: Iterable[tuple[str, str]], tick: Tick
) -> list[Alert]:
    """The alerts that the clock fires for the keys of ``due``."""
    alerts: list[Alert] = []
    for name, key in due:
        rule = rules.named(name)
        if rule is None:
            continue

        def run(rule: Rule = rule, key: str = key) -> None:
            alerts.extend(_tick(rule, view, key, tick))

        rules.guard(rule, run)
    return alerts


def _arrive(
    rule: Rule, view: StateView, arrival: Arrival, limits: Limits, now: datetime
) -> list[Alert]:
    item, condition = arrival.item, rule.condition
    key = condition.key(item)
    if key is None:
        return []
    if item.late:
        firing = condition.late(item)
        return [_alert(rule, key, firing, now, late=True)] if firing else []
    state = view.get(rule.spec.name, key) or _EMPTY
    ready, waiting = _take_turn(rule, state, arrival, limits)
    alerts: list[Alert] = []
    state = msgspec.structs.replace(state, waiting=waiting)
    for ready_item in ready:
        inner, firing = condition.step(state.inner, ready_item)
        state = msgspec.structs.replace(state, inner=inner)
        state = _fire(rule, key, state, firing, now, alerts, aged=ready_item.aged)
    _keep(rule, view, key, state)
    return alerts


def _take_turn(
    rule: Rule, state: KeyState, arrival: Arrival, limits: Limits
) -> tuple[list[Input], tuple[Input, ...]]:
    if rule.spec.at_once:
        return [arrival.item], ()
    line = sorted([*state.waiting, arrival.item], key=lambda item: item.time)
    turn = arrival.clock - timedelta(seconds=limits.late_s)
    count = sum(item.time <= turn for item in line)
    count = max(count, len(line) - MAX_WAITING)
    return line[:count], tuple(line[count:])


def _tick(rule: Rule, view: StateView, key: str, tick: Tick) -> list[Alert]:
    state = view.get(rule.spec.name, key)
    if state is None or state.inner is None:
        return []
    inner, firing = rule.condition.tick(state.inner, tick)
    alerts: list[Alert] = []
    state = msgspec.structs.replace(state, inner=inner)
    state = _fire(rule, key, state, firing, tick.now, alerts)
    _keep(rule, view, key, state)
    return alerts


def _fire(
    rule: Rule,
    key: str,
    state: KeyState,
    firing: Firing | None,
    now: datetime,
    alerts: list[Alert],
    aged: bool = False,
) -> KeyState:
    cool = rule.spec.cool_down
    if firing is None or _cooling(state, firing, cool):
        return state
    # a backlog is judged in its order, but what it tells is over: nobody is paged for it
    alerts.append(_alert(rule, key, firing, now, late=aged))
    return msgspec.structs.replace(state, fired_at=firing.time) if cool else state


def _cooling(state: KeyState, firing: Firing, cool_down_s: float) -> bool:
    if state.fired_at is None:
        return False
    return abs((firing.time - state.fired_at).total_seconds()) < cool_down_s


def _keep(rule: Rule, view: StateView, key: str, state: KeyState) -> None:
    due = rule.condition.due(state.inner) if state.inner else None
    state = msgspec.structs.replace(state, due=due)
    if state != (view.get(rule.spec.name, key) or _EMPTY):
        view.put(rule.spec.name, key, state)


def _alert(rule: Rule, key: str, firing: Firing, now: datetime, late: bool = False) -> Alert:
    spec, site = rule.spec, firing.site
    values = {**firing.values, "device": site.device, "source": site.source, "zone": firing.zone}
    return Alert(
        id=alert_id(spec.name, key, firing.event_id or firing.time.isoformat()),
        rule=spec.name,
        rules_version=rule.version,
        type=spec.type,
        colour=spec.colour,
        county=site.county,
        device=site.device,
        source=site.source,
        zone=firing.zone,
        grid=site.grid,
        lat=site.lat,
        lon=site.lon,
        time=firing.time,
        fired_at=now,
        late=late,
        at_once=spec.at_once,
        reason=Reason(
            fill(spec.reason.zh, values, site.zh, site.zone(firing.zone, "zh")),
            fill(spec.reason.en, values, site.en, site.zone(firing.zone, "en")),
            values,
        ),
        event_id=firing.event_id,
        group_key=_group_key(rule, firing),
        observation_id=firing.observation_id,
        pictures=firing.pictures,
    )


def _group_key(rule: Rule, firing: Firing) -> str:
    site = firing.site
    parts = {
        "type": rule.spec.type,
        "source": f"{site.device}/{site.source}",
        "zone": f"{site.device}/{firing.zone}",
        "device": site.device,
        "grid": site.grid,
    }
    return "|".join(parts[name] for name in rule.spec.group.by)
