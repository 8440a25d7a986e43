"""Runs the rules over what came in: pure but for the state it is given.

Two turns. Rules marked ``at_once`` judge an input when it arrives; their timers go by the hub's
clock. All others judge in order of event time, once the allowed lateness has passed: an input's
turn comes when its source's clock is that far beyond it or, where the source says no more, when
the hub's clock is. Their timers go by event time too, so what they say does not depend on the
order of arrival, on repetitions or on restarts.

An input that was older than the allowed lateness when it arrived (a device's backlog) takes its
turn as any other, but the alert it fires is late: it opens or joins, and pages nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

import msgspec
import structlog

from hub_server.alerting.conditions.types import interest_of
from hub_server.alerting.inputs import Input, MeasurementInput, Tick, arrived_at
from hub_server.alerting.keyed import Hushed, Keyed
from hub_server.alerting.rules import Rule, Rules
from hub_server.alerting.state import KeyState
from hub_server.alerting.types import Alert, Ended

log = structlog.get_logger("alerting")
MAX_WAITING = 2000
"""Inputs that may wait per rule and key; the oldest of more is judged early, and counted."""
SETTLE_S = 2.0
"""What the hub's clock gives on top of the lateness to what is on its way through the hub."""
_EMPTY = KeyState()


class StateView(Protocol):
    """Where the state of rules is read and written."""

    def get(self, rule: str, key: str) -> KeyState | None: ...
    def put(self, rule: str, key: str, state: KeyState) -> None: ...
    def end(self, ended: Ended) -> None: ...
    def note_early(self, count: int) -> None: ...


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An input and its source's clock when it came: the newest event time, never beyond now."""

    item: Input
    clock: datetime


@dataclass(frozen=True)
class Limits:
    """What the county allows."""

    late_s: float = 600.0
    """How far behind its source's clock an event may come and still count."""

    @cached_property
    def late(self) -> timedelta:
        """The same as a length of time."""
        return timedelta(seconds=self.late_s)

    @cached_property
    def lag(self) -> timedelta:
        """How far the clock of rules that wait is behind the hub's."""
        return timedelta(seconds=self.late_s + SETTLE_S)


_LIMITS = Limits()


def evaluate(
    rules: Rules, view: StateView, arrivals: Sequence[Arrival], limits: Limits, now: datetime
) -> list[Alert]:
    """The alerts that ``arrivals`` fire, in order; ``now`` is the hub's clock."""
    alerts: list[Alert] = []
    for arrival in arrivals:
        for rule in rules.looking_at(interest_of(arrival.item)):
            try:
                alerts += _arrive(rule, view, arrival, limits, now)
            except Exception as error:  # a bug in one rule must not stop the flow; it is shown red
                log.exception("rule broken", rule=rule.spec.name)
                rules.set_aside(rule, error)
    return alerts


def evaluate_tick(
    rules: Rules,
    view: StateView,
    due: Iterable[tuple[str, str]],
    tick: Tick,
    limits: Limits = _LIMITS,
    hushed: Hushed | None = None,
) -> list[Alert]:
    """The alerts that the clock fires for the keys of ``due``.

    Args:
        hushed: says which places are under maintenance; nobody is missed there.
    """
    alerts: list[Alert] = []
    for name, key in due:
        rule = rules.named(name)
        if rule is None:
            continue
        try:
            alerts += _tick(rule, view, key, tick, limits, hushed)
        except Exception as error:  # as above
            log.exception("rule broken", rule=rule.spec.name)
            rules.set_aside(rule, error)
    return alerts


def _arrive(
    rule: Rule, view: StateView, arrival: Arrival, limits: Limits, now: datetime
) -> Sequence[Alert]:
    item, condition = arrival.item, rule.condition
    if not condition.fits(item):
        return ()
    key = rule.key(item)
    before = view.get(rule.spec.name, key)
    if before is None and rule.spec.at_once and condition.idle(item) and not item.late:
        return ()
    work = Keyed(rule, key, before or _EMPTY, now)
    if item.late:
        work.late(item)
    elif rule.spec.at_once:
        work.take(item, arrived_at(item))
    else:
        _queue(work, item)
        _release(work, arrival.clock - limits.late)
    return _keep(work, view, before, limits)


def _tick(
    rule: Rule, view: StateView, key: str, tick: Tick, limits: Limits, hushed: Hushed | None
) -> Sequence[Alert]:
    before = view.get(rule.spec.name, key)
    if before is None:
        return ()
    work = Keyed(rule, key, before, tick.now, *([hushed] if hushed else []))
    if rule.spec.at_once:
        work.tick(tick)
    else:
        settled = _has_settled(tick, limits)
        if settled or not rule.second:  # before that, alerts that timers fire are yet to come
            _release(work, tick.now - limits.lag, tick.now)
        if settled:
            work.advance(tick.now - limits.lag)
    return _keep(work, view, before, limits)


def _has_settled(tick: Tick, limits: Limits) -> bool:
    """Whether the hub has been receiving for so long that what is not here is not on its way."""
    since = tick.receiving_since
    return since is not None and tick.received_for(limits.late_s, since)


def _queue(work: Keyed, item: Input) -> None:
    line = sorted([*work.state.waiting, item], key=_turn)
    work.state = msgspec.structs.replace(work.state, waiting=tuple(line))
    work.belong(item)


def _turn(item: Input) -> tuple[datetime, str, str, str]:
    """The order of inputs; those of one moment have one too, whichever arrived first."""
    metric = item.metric if isinstance(item, MeasurementInput) else ""
    return item.time, item.event_id, metric, item.site.source


def _release(work: Keyed, until: datetime, now: datetime | None = None) -> None:
    """Judge what waits and is not after ``until``.

    ``now`` is given when the hub's clock releases: what was old when it arrived then has the
    lateness from its arrival on, for what belongs before it.
    """
    line = work.state.waiting
    early = len(line) - MAX_WAITING
    ready: list[Input] = []
    rest: list[Input] = []
    for place, item in enumerate(line):
        on_time = _is_ready(item, until, now)
        work.early += place < early and not on_time
        (ready if place < early or on_time else rest).append(item)
    if not ready:
        return
    work.state = msgspec.structs.replace(work.state, waiting=tuple(rest))
    for item in ready:
        work.advance(item.time)
        work.take(item, item.time)


def _is_ready(item: Input, until: datetime, now: datetime | None) -> bool:
    if now is not None and item.aged:
        return arrived_at(item) <= until
    return item.time <= until


def _keep(work: Keyed, view: StateView, before: KeyState | None, limits: Limits) -> Sequence[Alert]:
    rule, state = work.rule, work.state
    due = work.due()
    if not rule.spec.at_once:
        due = _due_of_waiting(state, due, limits)
    if due != state.due:
        state = msgspec.structs.replace(state, due=due)
    nothing = before is None and state.empty
    if not nothing and state is not before and state != (before or _EMPTY):
        view.put(rule.spec.name, work.key, state)
    for ended in work.ended:
        view.end(ended)
    if work.early:
        view.note_early(work.early)
    return work.alerts


def _due_of_waiting(state: KeyState, due: datetime | None, limits: Limits) -> datetime | None:
    """When the hub's clock may change something, for a rule that runs behind it."""
    turns = [arrived_at(item) if item.aged else item.time for item in state.waiting]
    first = min([*turns, *([due] if due else [])], default=None)
    return first + limits.lag if first else None
