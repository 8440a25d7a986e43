"""What of the rules' memory nobody needs any more. Pure.

An edge sends nothing older than its outbox keeps. So what a source last said before that, and
before the span its rule looks back on, no longer changes what the rule would say of the next
message. What holds an alert open, or waits for a silent source, stays as long as somebody is
there who could speak: an enrolled device is never forgotten, one that is gone is at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
from pydantic import BaseModel

from hub_server.alerting.rules import Rule
from hub_server.alerting.scope import Scope
from hub_server.alerting.spec import RuleSpec
from hub_server.alerting.state import GroupState, Inner, KeyState, LevelsState, NoDataState
from linli_contract.limits import INBOX_MIN_AGE_S

GONE = "gone"
"""Why an alert ended whose device or source is no more."""
_SPANS = frozenset({"for_", "window", "gap", "within", "after"})
_OF_DEVICES = (Scope.ZONE, Scope.SOURCE, Scope.DEVICE)
_EMPTY = KeyState()


@dataclass(frozen=True)
class Keeping:
    """How long after the last word of a source its memory is kept; seconds."""

    resend_s: float = float(INBOX_MIN_AGE_S)
    """Nothing older than that is sent any more."""
    open_s: float = 400 * 86400.0
    """What is open at a source that nobody registered, or at a device that is silent."""


class Senders(Protocol):
    """Who there is."""

    def enrolled(self, device: str) -> bool:
        """Whether it may send, or might again soon."""

    def registered(self, device: str, source: str) -> bool:
        """Whether people know of that source; the device itself is one."""

    def heard(self, device: str) -> datetime | None:
        """The newest event time of all its sources."""


@dataclass(frozen=True)
class Review:
    """Looks at one piece of memory at a time, at ``now``."""

    senders: Senders
    keeping: Keeping
    now: datetime

    def clock(self, key: str, state: KeyState) -> KeyState:
        """Of a source: what is left of ``state``."""
        gone = not self.senders.enrolled(key.partition("/")[0])
        return _EMPTY if gone or self._older(state.clock, self.keeping.resend_s) else state

    def rule(self, rule: Rule, key: str, state: KeyState) -> KeyState:
        """Of a rule at a key: what is left of ``state``; the same object if nothing goes."""
        inner = state.inner
        if isinstance(inner, GroupState):
            state = self._trimmed(state, inner, rule)
        if rule.spec.scope not in _OF_DEVICES:  # a grid's or wider: there are only so many
            return state
        return _EMPTY if self._outlived(key, state, state.inner, rule) else state

    def _trimmed(self, state: KeyState, group: GroupState, rule: Rule) -> KeyState:
        """Without the sub-conditions of who is gone; a tick then judges what is left."""
        gone = {
            name
            for name, leaf in group.parts.items()
            if self._outlived(name.partition("|")[2], KeyState(inner=leaf), leaf, rule)
        }
        held = [name for name, one in group.truths.items() if one.holds]
        gone |= {name for name in held if self._is_gone(name.partition("|")[2])}
        if not gone:
            return state
        parts = {name: leaf for name, leaf in group.parts.items() if name not in gone}
        truths = {
            name: msgspec.structs.replace(one, holds=one.holds and name not in gone)
            for name, one in group.truths.items()
        }
        left: Inner | None = GroupState(parts, truths, group.fired)
        if left == GroupState():
            return msgspec.structs.replace(state, inner=None, due=None)
        return msgspec.structs.replace(state, inner=left, due=self.now)

    def _outlived(self, key: str, state: KeyState, inner: Inner | None, rule: Rule) -> bool:
        if not key or state.waiting:
            return False
        if self._is_gone(key):
            return True
        last = newest(state, self.now)
        if isinstance(inner, GroupState):
            return False  # trimmed part by part, and judged by the ticks
        if not (state.alert or _is_open(inner)):
            return self._older(last, self.keeping.resend_s + span_of(rule.spec))
        return self._older(last, self.keeping.open_s) and self._is_unheard(key, inner)

    def _is_gone(self, key: str) -> bool:
        device = key.partition("/")[0]
        return bool(device) and not self.senders.enrolled(device)

    def _is_unheard(self, key: str, inner: Inner | None) -> bool:
        """Whether no word of that source is to be expected any more."""
        device, source, *_ = [*key.split("/", 2), ""]
        if source and not self.senders.registered(device, source):
            return True
        return not isinstance(inner, NoDataState) and self._older(
            self.senders.heard(device), self.keeping.open_s
        )

    def _older(self, time: datetime | None, seconds: float) -> bool:
        return time is None or time < self.now - timedelta(seconds=seconds)


def _is_open(inner: Inner | None) -> bool:
    """Whether it fired and waits for the end, or misses somebody."""
    if isinstance(inner, LevelsState):
        return inner.level >= 0
    return isinstance(inner, NoDataState) or bool(getattr(inner, "fired", False))


def span_of(spec: RuleSpec) -> float:
    """How far back a rule looks at most, in seconds."""
    return spec.cool_down + sum(_spans(spec.when))


def _spans(value: object) -> Iterator[float]:
    if isinstance(value, BaseModel):
        for name, part in value:
            if name in _SPANS and isinstance(part, int | float):
                yield part
            else:
                yield from _spans(part)
    elif isinstance(value, dict):
        yield from _spans(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _spans(part)


def newest(state: KeyState, now: datetime) -> datetime | None:
    """The newest time that ``state`` speaks of, of those that have come."""
    plain = msgspec.to_builtins(state, builtin_types=(datetime,))
    return max((time for time in _times(plain) if time <= now), default=None)


def _times(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _times(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _times(part)
