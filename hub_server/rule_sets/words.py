"""A rule in words, zh and en: what it looks at, when it fires, what holds it back."""

from dataclasses import dataclass
from typing import assert_never

from hub_server.alerting.schedule import Schedule
from hub_server.alerting.scope import Scope
from hub_server.alerting.spec import Inhibitor, RuleSpec
from hub_server.alerting.when import (
    AlertsWhen,
    CountWhen,
    DistinctWhen,
    GroupWhen,
    LevelsWhen,
    NoDataWhen,
    ObservationWhen,
    RateWhen,
    ThresholdWhen,
    TotalWhen,
    When,
)
from hub_server.alerting.when_sensor import Limit
from linli_contract.event_types import EVENT_TYPES
from linli_contract.metrics import METRICS
from linli_settings.units import format_duration
from linli_settings.windows import Window

_SCOPES = {
    Scope.ZONE: ("每个区域", "each zone"),
    Scope.SOURCE: ("每个摄像头或传感器", "each camera or sensor"),
    Scope.DEVICE: ("每台设备", "each device"),
    Scope.GRID: ("每个网格", "each grid"),
    Scope.COMMUNITY: ("每个社区", "each community"),
    Scope.TOWN: ("每个乡镇街道", "each town"),
    Scope.COUNTY: ("全县", "the county"),
}
_COLOURS = {"blue": "蓝色", "yellow": "黄色", "orange": "橙色", "red": "红色"}
_COUNTED = {"zone": "区域", "source": "摄像头", "device": "设备", "grid": "网格", "label": "目标"}
_COUNTED |= {"community": "社区", "town": "乡镇街道"}
_MANY = {"community": "communities"}
_DAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "一二三四五六日", strict=True))


@dataclass(frozen=True)
class Words:
    """One sentence in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} · {self.en}"


def words_of(spec: RuleSpec) -> list[Words]:
    """What a rule looks at and when it fires, then each thing that changes that."""
    zh, en = _SCOPES[spec.scope]
    looked = condition(spec.when)
    found = [Words(f"{zh}：{looked.zh}", f"{en}: {looked.en}"), _turn(spec)]
    if spec.place:
        kinds = ", ".join(f"{name} = {value}" for name, value in spec.place.items())
        found.append(Words(f"只用于 {kinds} 的点位", f"only where {kinds}"))
    if spec.schedule:
        found.append(_schedule(spec.schedule))
    if spec.cool_down:
        span = format_duration(spec.cool_down)
        found.append(Words(f"告警后静默 {span}", f"silent for {span} after it fired"))
    if spec.repeat:
        span = format_duration(spec.repeat)
        found.append(Words(f"持续时每 {span} 重复", f"repeats every {span} while it holds"))
    return found + [_inhibitor(one) for one in spec.inhibited_by]


def condition(when: When) -> Words:
    """A condition as one sentence."""
    match when:
        case ObservationWhen():
            return _observation(when)
        case ThresholdWhen():
            return _threshold(when)
        case LevelsWhen():
            return _levels(when)
        case RateWhen():
            return _rate(when)
        case TotalWhen():
            return _total(when)
        case CountWhen() | DistinctWhen() | AlertsWhen():
            return _several(when)
        case NoDataWhen():
            span, what = _span(when.after), when.metric or when.of
            return Words(f"{span} 没有 {what} 数据", f"no {what} for {span}")
        case GroupWhen():
            return _group(when)
    assert_never(when)


def _observation(when: ObservationWhen) -> Words:
    kind = EVENT_TYPES[when.event]
    labels = f" ({', '.join(when.labels)})" if when.labels else ""
    many = f"，至少 {when.min_count}" if when.min_count > 1 else ""
    some = f", at least {when.min_count}" if when.min_count > 1 else ""
    return Words(
        f"摄像头报告{kind.zh}{labels}{many}", f"a camera reports {when.event}{labels}{some}"
    )


def _limit(when: Limit, metric: str) -> Words:
    unit = METRICS.get(metric, "")
    if when.upward:
        side = ("高于", "above") if when.above is not None else ("不低于", "at least")
    else:
        side = ("低于", "below") if when.below is not None else ("不高于", "at most")
    end = when.limit if when.clear is None else when.clear
    zh = f"{metric} {side[0]} {when.limit:g} {unit}（回到 {end:g} 为止）"
    return Words(zh, f"{metric} {side[1]} {when.limit:g} {unit} (until back at {end:g})")


def _threshold(when: ThresholdWhen) -> Words:
    limit = _limit(when, when.metric)
    zh, en = limit.zh, limit.en
    if when.samples > 1:
        zh, en = f"{zh}，连续 {when.samples} 次", f"{en}, {when.samples} values in a row"
    if when.for_:
        zh, en = f"{zh}，持续 {_span(when.for_)}", f"{en}, for {_span(when.for_)}"
    return Words(zh, en)


def _levels(when: LevelsWhen) -> Words:
    pairs = list(zip(when.levels, when.thresholds, strict=True))
    zh = "；".join(f"{_COLOURS[one.colour]}：{_threshold(limit).zh}" for one, limit in pairs)
    en = "; ".join(f"{one.colour}: {_threshold(limit).en}" for one, limit in pairs)
    return Words(zh, en)


def _rate(when: RateWhen) -> Words:
    zh, en = [], []
    for speed, side in ((when.rising, ("上升", "rises")), (when.falling, ("下降", "falls"))):
        if speed:
            text = f"{speed.value:g} {speed.unit}/{speed.per}"
            zh.append(f"{side[0]}快于 {text}")
            en.append(f"{side[1]} faster than {text}")
    span = _span(when.window)
    return Words(
        f"{when.metric} 在 {span} 内{'或'.join(zh)}", f"{when.metric} {' or '.join(en)} over {span}"
    )


def _total(when: TotalWhen) -> Words:
    limit, span, gap = _limit(when, when.metric), _span(when.window), _span(when.gap)
    return Words(
        f"{span} 内合计 {limit.zh}，中断超过 {gap} 重新计时",
        f"in {span}, total {limit.en}, anew after {gap} of silence",
    )


def _group(when: GroupWhen) -> Words:
    parts = {name: condition(part) for name, part in when.of.items()}
    both, either, span = when.type == "all", "or", _span(when.within)
    zh = ("，并且 " if both else "，或者 ").join(f"[{n}] {one.zh}" for n, one in parts.items())
    en = (" and " if both else f" {either} ").join(f"[{n}] {one.en}" for n, one in parts.items())
    return Words(f"{zh}（彼此不超过 {span}）", f"{en} (within {span} of each other)")


def _several(when: CountWhen | DistinctWhen | AlertsWhen) -> Words:
    """So many within a window, or so many that differ."""
    differs: str | None
    if isinstance(when, AlertsWhen):
        what, differs = _alerts(when), when.distinct
    else:
        what = Words(_events(when.events, 0), _events(when.events, 1))
        differs = when.of if isinstance(when, DistinctWhen) else None
    span, least = _span(when.window), when.at_least
    if differs is None:
        return Words(
            f"{span} 内{what.zh}至少 {least} 次", f"at least {least} of {what.en} within {span}"
        )
    en = (
        f"{what.en} in at least {least} different {_MANY.get(differs, differs + 's')} within {span}"
    )
    return Words(f"{span} 内至少 {least} 个不同{_COUNTED[differs]}发生{what.zh}", en)


def _alerts(when: AlertsWhen) -> Words:
    zh = "或".join([*(EVENT_TYPES[name].zh for name in when.types), *when.rules])
    en = " or ".join([*when.types, *when.rules])
    if when.colours:
        zh = f"{'、'.join(_COLOURS[colour] for colour in when.colours)}{zh}"
        en = f"{' or '.join(when.colours)} {en}"
    return Words(f"{zh}告警", f"alerts of {en}")


def _turn(spec: RuleSpec) -> Words:
    if spec.at_once:
        return Words("到达时立即判断", "judged when it arrives")
    return Words(
        "按事件时间顺序判断，等待迟到数据", "judged in order of event time, after the lateness"
    )


def _schedule(schedule: Schedule) -> Words:
    zh = "；".join(_window(one, 0) for one in schedule.windows)
    en = "; ".join(_window(one, 1) for one in schedule.windows)
    return Words(f"只在 {zh}（{schedule.time_zone}）", f"only {en} ({schedule.time_zone})")


def _window(window: Window, language: int) -> str:
    days = "".join(_DAYS[day] for day in window.days) if not language else "/".join(window.days)
    hours = f"{_clock(window.from_)}–{_clock(window.to)}"
    rest = {"ignore": ("", ""), "except": ("，节假日除外", ", not on holidays")}
    rest["only"] = ("，仅节假日", ", on holidays only")
    return f"{'周' if not language else ''}{days} {hours}{rest[window.holidays][language]}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _inhibitor(one: Inhibitor) -> Words:
    what = one.rule or one.type
    zh, en = _SCOPES[one.same]
    return Words(
        f"当{zh.removeprefix('每')}有未结束的 {what} 告警时不发",
        f"held back while {en.removeprefix('each ')} has an open alert of {what}",
    )


def _events(names: list[str], language: int) -> str:
    if language:
        return " or ".join(names)
    return "或".join(EVENT_TYPES[name].zh for name in names)


def _span(seconds: float) -> str:
    return format_duration(seconds)
