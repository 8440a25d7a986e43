"""Why a rule did or did not fire: what it looks at, what it remembers, what came, what held it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from hub_server.alerting.engine import Limits
from hub_server.alerting.inputs import AlertInput, HeartbeatInput, Input, MeasurementInput
from hub_server.alerting.rules import Rule, Rules
from hub_server.alerting.state import (
    CountState,
    GroupState,
    HeldState,
    KeyState,
    LevelsState,
    NoDataState,
    RateState,
    ThresholdState,
    from_json,
)
from hub_server.alerting.types import Alert
from hub_server.alerting.when import AlertsWhen, CountWhen, DistinctWhen
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alert_state, alerts
from hub_server.rule_sets.playing import LaneOf, Player, one_lane
from hub_server.rule_sets.reading import RuleSet
from hub_server.rule_sets.replay import before
from hub_server.rule_sets.words import Words
from linli_settings.units import format_duration

LAST = 5
"""Inputs that are shown."""
MOST_KEYS = 20
"""Keys that are shown; the others are counted."""


@dataclass(frozen=True)
class Seen:
    """An input the rule looked at."""

    at: datetime
    """The hub's time."""
    item: Input
    key: str
    on_duty: bool


@dataclass
class Story:
    """What happened up to a moment."""

    at: datetime
    seen: deque[Seen] = field(default_factory=lambda: deque(maxlen=LAST))
    """The last inputs, the oldest first."""
    fired: list[Alert] = field(default_factory=list)
    """Around the moment, in a replay of the rule alone."""
    states: dict[str, KeyState] = field(default_factory=dict)


def present(conn: Connection, rule: Rule, source: str = "") -> dict[str, KeyState]:
    """What ``rule`` remembers now by key; only of keys that name ``source``."""
    rows = conn.execute(select(alert_state).where(alert_state.c.rule == rule.spec.name))
    return {row.key: from_json(row.state) for row in rows if source in row.key}


def story(
    ledger: Ledger,
    found: RuleSet,
    rule: Rule,
    limits: Limits,
    at: datetime,
    source: str = "",
    lane_of: LaneOf = one_lane,
) -> Story:
    """Play the inbox through ``rule`` alone up to ``at``."""
    told = Story(at)
    rules = Rules((*_feeding(found, rule), rule), version=found.version)

    def watch(item: Input, now: datetime) -> None:
        key = rule.key(item)
        if rule.condition.fits(item) and source in f"{key} {item.site.device}/{item.site.source}":
            on = rule.duty is None or rule.duty.is_on(item.time)
            told.seen.append(Seen(now, item, key, on))

    player = Player(ledger, found, rules, limits, watch, lane_of)
    fired = player.play(at - before(rules, limits), at)
    ours = (alert for alert in fired if alert.rule == rule.spec.name)
    told.fired = [alert for alert in ours if source in f"{alert.device}/{alert.source}"]
    told.states = {k: one for k, one in player.memory.states(rule.spec.name).items() if source in k}
    return told


def _feeding(found: RuleSet, rule: Rule) -> list[Rule]:
    """The rules whose alerts it looks at; none where it looks at inputs."""
    when = rule.spec.when
    if not isinstance(when, AlertsWhen):
        return []
    return [
        one
        for one in found.rules.rules
        if not one.second and (one.spec.type in when.types or one.spec.name in when.rules)
    ]


def held(conn: Connection, ids: list[str]) -> dict[str, str]:
    """Alert → by what it was held back; alerts that were not held are left out."""
    rows = conn.execute(select(alerts).where(alerts.c.id.in_(ids))).mappings()
    return {row["id"]: f"{row['held']} {row['held_by']}" for row in rows if row["held"]}


def remembers(rule: Rule, state: KeyState, now: datetime) -> Iterator[Words]:
    """A state in words: what holds, what is missing until it fires."""
    yield from _inner(rule, state, now)
    if state.waiting:
        count = len(state.waiting)
        yield Words(f"{count} 个数据等待轮到", f"{count} inputs wait for their turn")
    if state.alert:
        yield Words("有未结束的告警", f"its alert {state.alert} is open")
    if state.fired_at is not None and rule.spec.cool_down:
        left = rule.spec.cool_down - (now - state.fired_at).total_seconds()
        if left > 0:
            yield Words(f"静默还有 {_span(left)}", f"silent for {_span(left)} more (cool-down)")
    if state.due is not None:
        yield Words(f"计时器：{_clock(state.due)}", f"timer: {_clock(state.due)}")
    if rule.duty is not None and not rule.duty.is_on(now):
        change = _clock(rule.duty.next_change(now))
        yield Words(f"现在不在时段内，{change} 再看", f"outside its schedule now, until {change}")


def _inner(rule: Rule, state: KeyState, now: datetime) -> Iterator[Words]:
    match state.inner:
        case None:
            yield Words("条件不成立", "the condition does not hold")
        case ThresholdState() as one:
            yield _threshold(rule, one, now)
        case LevelsState() as one:
            yield Words(f"级别 {one.level + 1}", f"level {one.level + 1} holds")
        case RateState() as one:
            yield Words(
                f"窗口内 {len(one.samples)} 个值", f"{len(one.samples)} values in the window"
            )
        case CountState() as one:
            yield _count(rule, one)
        case NoDataState() as one:
            yield _silence(one, now)
        case HeldState() as one:
            yield Words(f"{len(one.open)} 个进行中", f"{len(one.open)} under way")
        case GroupState() as one:
            true = sorted({key.partition("|")[0] for key in one.truths})
            names = ", ".join(true) or "-"
            yield Words(f"已成立：{names}", f"true so far: {names}")


def _threshold(rule: Rule, one: ThresholdState, now: datetime) -> Words:
    if one.since is None:
        return Words("没有超限", "no value past the limit")
    since = f"{one.value:g} {one.unit}, {_clock(one.since)}"
    if one.fired:
        return Words(f"已告警，自 {since}", f"fired; past the limit since {since}")
    when = rule.spec.when
    missing_zh, missing_en = "等待时钟", "the clock"
    if when.type == "threshold":
        left = when.for_ - (now - one.since).total_seconds()
        samples = when.samples - one.samples
        if samples > 0:
            missing_zh, missing_en = f"还差 {samples} 次", f"{samples} more values in a row"
        elif left > 0:
            missing_zh, missing_en = f"还差 {_span(left)}", f"{_span(left)} more"
    return Words(
        f"超限，自 {since}；{missing_zh}", f"past the limit since {since}; missing: {missing_en}"
    )


def _count(rule: Rule, one: CountState) -> Words:
    when, there = rule.spec.when, len(set(one.what)) if one.what else len(one.times)
    needed = when.at_least if isinstance(when, CountWhen | DistinctWhen | AlertsWhen) else there
    if one.fired:
        return Words(f"已告警，{there} 次", f"fired with {there}")
    left = needed - there
    return Words(f"已有 {there}，还差 {left}", f"{there} in the window; missing: {left} more")


def _silence(one: NoDataState, now: datetime) -> Words:
    if one.seen is None:
        return Words("从未收到数据", "nothing came yet")
    silent = _span((now - one.seen).total_seconds())
    if one.fired:
        return Words(f"已告警，已静默 {silent}", f"fired; silent for {silent}")
    return Words(f"最近数据在 {silent} 前", f"last heard of {silent} ago")


def input_words(item: Input) -> str:
    """An input in a few words."""
    place = f"{item.site.device}/{item.site.source}"
    if isinstance(item, MeasurementInput):
        return f"{place} {item.metric} {item.value:g} {item.unit}{_marks(item)} [{item.event_id}]"
    if isinstance(item, HeartbeatInput):
        return f"{place} heartbeat [{item.event_id}]"
    if isinstance(item, AlertInput):
        return f"{place} {item.rule} {item.colour}{_marks(item)} [{item.event_id}]"
    what = f"{item.event_type} {item.phase} {item.zone} {item.label} {item.count}".rstrip()
    return f"{place} {what}{_marks(item)} [{item.event_id}]"


def _marks(item: Input) -> str:
    if item.late:
        return " 迟到·late"
    return " 旧数据·aged" if item.aged else ""


def _span(seconds: float) -> str:
    return format_duration(float(round(timedelta(seconds=seconds).total_seconds())))


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%m-%d %H:%M:%S")
