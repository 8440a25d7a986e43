"""One rule at one key: what an input or the rule's clock changes there, and the alerts of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from hub_server.alerting.inputs import Input, Site, Tick
from hub_server.alerting.making import make_alert
from hub_server.alerting.rules import Rule
from hub_server.alerting.schedule import Duty
from hub_server.alerting.scope import Scope
from hub_server.alerting.signals import Firing, Signal
from hub_server.alerting.state import SECOND_STAGE, Inner, KeyState, NoDataState
from hub_server.alerting.types import Alert, Ended

EVER = datetime(1, 1, 1, tzinfo=UTC)
_ROUNDS = 1000
"""Timers that may follow each other in one pass; the next tick goes on with more."""
_BOUNDARIES = 50
"""Of a schedule, looked at for the next time it is on; then it is asked again."""
Hushed = Callable[[Site], bool]
"""Whether a place is under maintenance: its silence says nothing."""


def _never(_site: Site) -> bool:
    return False


def _cause(firing: Firing) -> str:
    """Why the alert before this one ends."""
    if firing.eases:
        return "eased"
    return "rose" if firing.colour else "followed"


class Keyed:
    """Works on one state; ``alerts`` and ``ended`` are what comes of it."""

    def __init__(
        self, rule: Rule, key: str, state: KeyState, now: datetime, hushed: Hushed = _never
    ) -> None:
        self.rule = rule
        self.key = key
        self.state = state
        self.now = now
        self.hushed = hushed
        self.alerts: list[Alert] = []
        self.ended: list[Ended] = []
        self.early = 0
        """Inputs judged before their turn, because too many waited."""

    def take(self, item: Input, at: datetime) -> None:
        """An input, whose time on the rule's clock is ``at``."""
        self.belong(item)
        duty = self._gate
        if duty and not duty.is_on(item.time):
            self._disarm(at)
            return
        inner, signal = self.rule.condition.step(self.state.inner, item, at)
        self._tell(inner, signal, at, item.aged)
        if duty and inner is not None and self.state.check is None:
            self._set(check=duty.next_change(at))

    def late(self, item: Input) -> None:
        """An input that came too late to count: it only speaks for itself."""
        duty = self.rule.duty
        firing = self.rule.condition.late(item)
        if firing and not (duty and not duty.is_on(item.time)):
            alert = make_alert(
                self.rule, self.key, firing, self.now, late=True, passing=not firing.observation_id
            )
            self.alerts.append(alert)

    def tick(self, tick: Tick) -> None:
        """The rule's clock has come to ``tick.now``."""
        duty = self.rule.duty
        if duty and not duty.is_on(tick.now):
            if self._gate:
                self._disarm(tick.now)
            return
        if self._gate and self.state.check and self.state.check <= tick.now:
            self._set(check=self._gate.next_change(tick.now))
        if self.state.inner is not None:
            inner, signal = self.rule.condition.tick(self.state.inner, tick)
            if isinstance(inner, NoDataState) and self._is_hushed(signal):
                self._set(inner=msgspec.structs.replace(inner, fired=False, seen=tick.now))
                return
            self._tell(inner, signal, tick.now)
        self._repeat(tick.now)

    def advance(self, until: datetime) -> None:
        """Let every timer up to ``until`` pass, in order, on a clock that missed nothing."""
        for _ in range(_ROUNDS):
            due = self.due()
            if due is None or due > until:
                return
            before = self.state
            self.tick(Tick(due, EVER))
            if self.state == before:
                return

    def due(self) -> datetime | None:
        """When the rule's clock may change something, as that clock counts."""
        inner = self.state.inner
        found = self.rule.condition.due(inner) if inner is not None else None
        dues = (found, self.state.again, self.state.check)
        first = min((due for due in dues if due), default=None)
        return self._on_duty(first) if first and self.rule.duty and not self._gate else first

    @property
    def _gate(self) -> Duty | None:
        """The schedule, where it decides which inputs count: silence goes on outside it."""
        return None if self.rule.condition.absence else self.rule.duty

    def _on_duty(self, due: datetime) -> datetime:
        duty = self.rule.duty
        for _ in range(_BOUNDARIES):
            if duty is None or duty.is_on(due):
                break
            due = duty.next_change(due)
        return due

    def _is_hushed(self, signal: Signal | None) -> bool:
        return isinstance(signal, Firing) and self.hushed(signal.site)

    def belong(self, item: Input) -> None:
        """The state belongs to the community of its inputs, or to the second stage."""
        if self.rule.second:
            self._set(community=SECOND_STAGE)
            return
        wide = self.rule.spec.scope in (Scope.TOWN, Scope.COUNTY)
        if not wide and self.state.community != item.site.community:
            self._set(community=item.site.community)

    def _tell(
        self, inner: Inner | None, signal: Signal | None, at: datetime, aged: bool = False
    ) -> None:
        if inner is not self.state.inner:
            self._set(inner=inner)
        if isinstance(signal, Firing):
            self._fire(signal, at, aged)
        elif signal is not None:
            self._end(signal.time, "cleared")

    def _fire(self, firing: Firing, at: datetime, aged: bool) -> None:
        if self._cooling(firing):
            return
        self._end(firing.time, _cause(firing))
        # a backlog is judged in its order, but what it tells is over: nobody is paged for it
        alert = make_alert(self.rule, self.key, firing, self.now, late=aged)
        self.alerts.append(alert)
        if self.rule.spec.cool_down:
            self._set(fired_at=firing.time)
        if self.rule.condition.ends:
            self._set(alert=alert.id)
            self._plan(firing, at)

    def _plan(self, firing: Firing, at: datetime) -> None:
        every = self.rule.spec.repeat
        if every is not None:
            self._set(told=firing, again=at + timedelta(seconds=every))

    def _repeat(self, now: datetime) -> None:
        told, again = self.state.told, self.state.again
        if told is None or again is None or again > now:
            return
        alert = make_alert(self.rule, self.key, told, self.now, repeated_at=now)
        self._end(now, "repeated")
        self.alerts.append(alert)
        self._set(alert=alert.id)
        self._plan(told, now)

    def _disarm(self, at: datetime) -> None:
        """The schedule's window is over: what held in it is told to be over, and forgotten."""
        self._end(at, "schedule")
        if self.state.inner is not None or self.state.check is not None:
            self._set(inner=None, check=None)

    def _end(self, time: datetime, cause: str) -> None:
        if self.state.alert:
            self.ended.append(Ended(self.state.alert, time, cause))
        if self.state.alert or self.state.again:
            self._set(alert="", told=None, again=None)

    def _cooling(self, firing: Firing) -> bool:
        fired_at = self.state.fired_at
        if fired_at is None or firing.eases:
            return False
        return abs((firing.time - fired_at).total_seconds()) < self.rule.spec.cool_down

    def _set(self, **changes: object) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)
