"""What other rules would have said: the inbox played again, held against the ledger's alerts."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from hub_server.alerting.engine import Limits
from hub_server.alerting.rules import Rules
from hub_server.alerting.spec import RuleSpec
from hub_server.alerting.types import Alert
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts
from hub_server.rule_sets.playing import LaneOf, Player, one_lane
from hub_server.rule_sets.reading import RuleSet

Kind = Literal["new", "gone", "changed"]
SAME = timedelta(seconds=3)
"""The hub's clock ticks each second and a batch takes its time: as much is no difference."""
PAIR = timedelta(minutes=30)
"""An alert of the same rule and place so near is the same one, at another time."""
EDGE = timedelta(minutes=1)
"""Alerts so far outside the span may be the other half of one inside."""
MIN_BEFORE, MAX_BEFORE = timedelta(hours=1), timedelta(hours=48)
_SPANS = {"for_", "window", "after", "within", "cool_down", "repeat"}


@dataclass(frozen=True)
class Shown:
    """An alert as it is compared."""

    id: str
    rule: str
    place: str
    colour: str
    time: datetime
    fired_at: datetime
    late: bool

    def at(self, other: "Shown") -> timedelta:
        """How far apart in event time."""
        return abs(self.time - other.time)


@dataclass(frozen=True)
class Difference:
    """``before`` is the ledger's, ``after`` the replay's."""

    kind: Kind
    before: Shown | None
    after: Shown | None

    @property
    def shown(self) -> Shown:
        found = self.after or self.before
        if found is None:
            raise ValueError("a difference of nothing")
        return found

    def text(self) -> str:
        """One line in both languages."""
        one, zh = self.shown, {"new": "新增", "gone": "消失", "changed": "变化"}[self.kind]
        line = f"{zh} {self.kind:<7} {_clock(one.time)} {one.rule} {one.place} {one.colour}"
        if self.before and self.after:
            line += f" ({_changes(self.before, self.after)})"
        return line


@dataclass
class Outcome:
    """Of one replay."""

    start: datetime
    end: datetime
    version: str
    messages: int = 0
    skipped: int = 0
    ledger: Counter[str] = field(default_factory=Counter)
    """Alerts of the ledger by rule."""
    replayed: Counter[str] = field(default_factory=Counter)
    broken: dict[str, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "from": self.start.isoformat(),
            "to": self.end.isoformat(),
            "version": self.version,
            "messages": self.messages,
            "skipped": self.skipped,
            "broken": self.broken,
            "rules": {name: self.counts(name) for name in self.names()},
            "differences": [_json(one) for one in self.differences],
        }

    def names(self) -> list[str]:
        """Every rule that said something, then or now."""
        return sorted(self.ledger.keys() | self.replayed.keys())

    def counts(self, rule: str) -> dict[str, int]:
        """Of one rule."""
        kinds = Counter(one.kind for one in self.differences if one.shown.rule == rule)
        return {
            "ledger": self.ledger[rule],
            "replayed": self.replayed[rule],
            **{kind: kinds[kind] for kind in ("new", "gone", "changed")},
        }


def replay(
    ledger: Ledger,
    found: RuleSet,
    limits: Limits,
    start: datetime,
    end: datetime,
    lane_of: LaneOf = one_lane,
) -> Outcome:
    """Play [start, end] through ``found`` and compare; the ledger is only read.

    Args:
        lane_of: whose clock each state goes by.

    What was under way at ``start`` is known by playing what came before it, as far back as the
    longest span of a rule asks.
    """
    rules = Rules(found.rules.rules, version=found.version)
    player = Player(ledger, found, rules, limits, lane_of=lane_of)
    fired: dict[str, Shown] = {}
    for alert in player.play(start - before(rules, limits), end):
        if alert.fired_at >= start - EDGE:
            fired.setdefault(alert.id, _shown(alert))
    told = _of_ledger(ledger, start, end)
    outcome = Outcome(start, end, found.version, player.messages, player.skipped)
    outcome.broken = dict(rules.broken)
    outcome.differences = compare_alerts(told, fired.values(), lambda one: _inside(one, start, end))
    outcome.ledger.update(one.rule for one in told if _inside(one, start, end))
    outcome.replayed.update(one.rule for one in fired.values() if _inside(one, start, end))
    return outcome


def before(rules: Rules, limits: Limits) -> timedelta:
    """How far back to begin, so that every window and timer is as it was."""
    spans = [seconds for rule in rules.rules for seconds in _spans(rule.spec)]
    longest = timedelta(seconds=max(spans, default=0.0) + limits.late_s) + limits.lag
    return min(max(longest, MIN_BEFORE), MAX_BEFORE)


def compare_alerts(
    told: Iterable[Shown], fired: Iterable[Shown], counts: Callable[[Shown], bool]
) -> list[Difference]:
    """The differences of which either side ``counts``, in order of event time."""
    left, right = {one.id: one for one in told}, {one.id: one for one in fired}
    pairs = [(left.pop(name), right.pop(name)) for name in left.keys() & right.keys()]
    pairs += _nearest(left, right, SAME) + _nearest(left, right, PAIR)
    found = [Difference("changed", *pair) for pair in pairs if _changes(*pair)]
    found += [Difference("gone", one, None) for one in left.values()]
    found += [Difference("new", None, one) for one in right.values()]
    inside = [one for one in found if any(counts(side) for side in (one.before, one.after) if side)]
    return sorted(inside, key=lambda one: (one.shown.time, one.shown.rule, one.shown.id))


def _nearest(
    left: dict[str, Shown], right: dict[str, Shown], reach: timedelta
) -> list[tuple[Shown, Shown]]:
    """Pairs of one rule and place, the nearest first; what is paired is taken out of both."""
    here: dict[tuple[str, str], list[Shown]] = defaultdict(list)
    for one in right.values():
        here[one.rule, one.place].append(one)
    near = [
        (one.at(other), one.id, other.id)
        for one in left.values()
        for other in here[one.rule, one.place]
        if one.at(other) <= reach
    ]
    pairs = []
    for _, was, now in sorted(near):
        if was in left and now in right:
            pairs.append((left.pop(was), right.pop(now)))
    return pairs


def _changes(before: Shown, after: Shown) -> str:
    """What differs between two halves of one alert; empty when nothing does."""
    parts = []
    if before.colour != after.colour:
        parts.append(f"{before.colour} → {after.colour}")
    if before.at(after) > SAME:
        parts.append(f"{(after.time - before.time).total_seconds():+g} s")
    if before.late != after.late:
        parts.append("late" if after.late else "not late")
    return ", ".join(parts)


def _of_ledger(ledger: Ledger, start: datetime, end: datetime) -> list[Shown]:
    here = (alerts.c.fired_at >= start - EDGE) & (alerts.c.fired_at <= end + EDGE)
    with ledger.read() as conn:
        rows = conn.execute(select(alerts).where(here)).mappings().all()
    return [
        Shown(
            row["id"],
            row["rule"],
            f"{row['device']}/{row['source']}/{row['zone']}".rstrip("/"),
            row["colour"],
            row["time"],
            row["fired_at"],
            row["late"],
        )
        for row in rows
    ]


def _shown(alert: Alert) -> Shown:
    place = f"{alert.device}/{alert.source}/{alert.zone}".rstrip("/")
    colour = alert.colour.value
    return Shown(alert.id, alert.rule, place, colour, alert.time, alert.fired_at, alert.late)


def _inside(one: Shown, start: datetime, end: datetime) -> bool:
    return start <= one.fired_at <= end


def _spans(spec: RuleSpec) -> Iterator[float]:
    """Every span of time in a rule, its sub-conditions' too; seconds."""
    waiting: list[object] = [spec.model_dump()]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting += found.values()
            yield from (
                float(value)
                for name, value in found.items()
                if name in _SPANS and isinstance(value, int | float)
            )
        elif isinstance(found, list | tuple):
            waiting += found


def _json(one: Difference) -> dict[str, object]:
    sides = {"before": one.before, "after": one.after}
    shown = {name: asdict(side) if side else None for name, side in sides.items()}
    return {"kind": one.kind, "rule": one.shown.rule, **shown}


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
