"""All or any of several conditions, of any source within the rule's scope."""

from datetime import datetime, timedelta

import msgspec

from hub_server.alerting.conditions.leaf import compile_leaf
from hub_server.alerting.conditions.types import (
    EVERY,
    Cleared,
    Condition,
    Firing,
    Signal,
    Step,
    interest_of,
    nothing_late,
)
from hub_server.alerting.inputs import Input, Tick
from hub_server.alerting.scope import Scope, key_of
from hub_server.alerting.state import GroupState, Inner, Leaf, Truth
from hub_server.alerting.when_camera import CountWhen, DistinctWhen, ObservationWhen
from hub_server.alerting.when_group import GroupWhen, Part

_Told = tuple[str, str, Signal | None, Leaf | None]
"""(name, key, what the sub-condition said, its state after)"""


class _Sub:
    """One sub-condition."""

    def __init__(self, name: str, when: Part) -> None:
        self.name = name
        self.condition = compile_leaf(when, followed=True)
        counts_all = isinstance(when, CountWhen | DistinctWhen)
        seen = isinstance(when, ObservationWhen)
        self.scope = None if counts_all else Scope.ZONE if seen else when.scopes[0]

    def looks_at(self, item: Input) -> bool:
        kind, name = interest_of(item)
        wanted = self.condition.looks_at
        return ((kind, name) in wanted or (kind, EVERY) in wanted) and self.condition.fits(item)

    def key(self, item: Input) -> str:
        if self.scope is None:
            return f"{self.name}|"
        return f"{self.name}|{key_of(self.scope, item.site, getattr(item, 'zone', ''))}"


class _Group:
    """The sub-conditions of one rule."""

    def __init__(self, when: GroupWhen) -> None:
        self.when = when
        self.subs = {name: _Sub(name, part) for name, part in when.of.items()}

    def step(self, state: Inner | None, item: Input, at: datetime) -> Step:
        group = state if isinstance(state, GroupState) else GroupState()
        for sub in self.subs.values():
            if sub.looks_at(item):
                key = sub.key(item)
                leaf, signal = sub.condition.step(group.parts.get(key), item, at)
                group = self._take(group, key, leaf, signal, at)
        return self._judge(group, at, item.time)

    def tick(self, state: Inner, tick: Tick) -> Step:
        if not isinstance(state, GroupState):
            return state, None
        group = state
        for key, part in state.parts.items():
            condition = self._condition(key)
            due = condition.due(part)
            if due is not None and due <= tick.now:
                leaf, signal = condition.tick(part, tick)
                group = self._take(group, key, leaf, signal, tick.now)
        return self._judge(group, tick.now, tick.now)

    def due(self, state: Inner) -> datetime | None:
        if not isinstance(state, GroupState):
            return None
        dues = [self._condition(key).due(part) for key, part in state.parts.items()]
        dues += [truth.until for truth in state.truths.values() if not truth.holds]
        return min((due for due in dues if due), default=None)

    def idle(self, item: Input) -> bool:
        return all(sub.condition.idle(item) for sub in self.subs.values() if sub.looks_at(item))

    def fits(self, item: Input) -> bool:
        return any(sub.looks_at(item) for sub in self.subs.values())

    def _condition(self, key: str) -> Condition:
        return self.subs[key.partition("|")[0]].condition

    def _take(
        self, group: GroupState, key: str, leaf: Inner | None, signal: Signal | None, at: datetime
    ) -> GroupState:
        parts, truths = dict(group.parts), dict(group.truths)
        if leaf is None or isinstance(leaf, GroupState) or leaf == type(leaf)():
            parts.pop(key, None)
        else:
            parts[key] = leaf
        if isinstance(signal, Firing):
            until = at + timedelta(seconds=self.when.within)
            truths[key] = Truth(signal, until, self._condition(key).ends)
        elif signal is not None and key in truths:
            truths[key] = msgspec.structs.replace(truths[key], holds=False)
        return GroupState(parts, truths, group.fired)

    def _judge(self, group: GroupState, at: datetime, time: datetime) -> Step:
        truths = {k: truth for k, truth in group.truths.items() if truth.holds or truth.until > at}
        true = self._newest(truths)
        enough = len(true) == len(self.subs) if self.when.type == "all" else bool(true)
        after = GroupState(group.parts, truths, enough)
        if enough == group.fired:
            return (None if after == GroupState() else after), None
        if not enough:
            return (None if after == GroupState() else after), Cleared(time)
        return after, _merge(true)

    def _newest(self, truths: dict[str, Truth]) -> dict[str, Firing]:
        true: dict[str, Firing] = {}
        for key in sorted(truths, key=lambda key: (truths[key].firing.time, key)):
            true[key.partition("|")[0]] = truths[key].firing
        return true


def _merge(true: dict[str, Firing]) -> Firing:
    """One firing that says what each sub-condition saw; it stands where the newest is."""
    last = max(true.values(), key=lambda firing: (firing.time, firing.event_id))
    values: dict[str, float | int | str] = {"matched": ", ".join(sorted(true))}
    for name, firing in true.items():
        values |= {f"{name}_{field}": value for field, value in firing.values.items()}
        values[f"{name}_zone"] = firing.zone
    pictures = tuple(dict.fromkeys(one for firing in true.values() for one in firing.pictures))
    return msgspec.structs.replace(
        last,
        values=values,
        pictures=pictures,
        colour=None,
        eases=False,
        sites={name: firing.site for name, firing in true.items()},
    )


def compile_group(when: GroupWhen) -> Condition:
    """Fires when all of them (or any) are true together; cleared when they no longer are."""
    group = _Group(when)
    conditions = [sub.condition for sub in group.subs.values()]
    return Condition(
        looks_at=frozenset().union(*(one.looks_at for one in conditions)),
        fits=group.fits,
        step=group.step,
        late=nothing_late,
        tick=group.tick,
        due=group.due,
        idle=group.idle,
        absence=any(one.absence for one in conditions),
    )
