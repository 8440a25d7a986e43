"""The texts of ``hub-server rules explain`` and ``replay``."""

from collections.abc import Iterator
from datetime import datetime

from hub_server.alerting.rules import Rule
from hub_server.alerting.state import KeyState
from hub_server.rule_sets import explain
from hub_server.rule_sets.explain import MOST_KEYS, Story
from hub_server.rule_sets.replay import Outcome
from hub_server.rule_sets.words import words_of

SHOWN = 200
"""Differences that are printed; ``--json`` has all."""


def rule_text(rule: Rule, version: str) -> Iterator[str]:
    """The rule in words."""
    yield f"{rule.spec.name}  ({version}/{rule.fingerprint})"
    for words in words_of(rule.spec):
        yield f"  {words.zh}"
        yield f"  {words.en}"
    yield f"  来源 · source: {rule.spec.source}"


def states_text(rule: Rule, states: dict[str, KeyState], now: datetime) -> Iterator[str]:
    """What it remembers, key by key."""
    for key in sorted(states)[:MOST_KEYS]:
        yield f"  {key or '-'}"
        for words in explain.remembers(rule, states[key], now):
            yield f"    {words}"
    if len(states) > MOST_KEYS:
        yield f"  … +{len(states) - MOST_KEYS}，用 --source 缩小范围 · narrow it with --source"
    if not states:
        yield "  没有任何记录 · nothing is remembered"


def story_text(told: Story, rule: Rule, held: dict[str, str], event: str) -> Iterator[str]:
    """What came, what was remembered, whether it fired and what held it."""
    yield f"截至 · up to {_clock(told.at)}"
    yield "最近的数据 · last inputs:"
    for seen in told.seen:
        duty = "" if seen.on_duty else "  时段外·outside the schedule"
        yield f"  {_clock(seen.at)}  {explain.input_words(seen.item)}{duty}"
    if not told.seen:
        yield "  没有 · none that this rule looks at"
    yield "当时的状态 · what it remembered:"
    yield from states_text(rule, told.states, told.at)
    yield from _verdict(told, held, event)


def _verdict(told: Story, held: dict[str, str], event: str) -> Iterator[str]:
    fired = [one for one in told.fired if not event or one.event_id == event]
    if not fired:
        what = f"事件 {event}" if event else "这段时间"
        thing = f"for event {event}" if event else "in this span"
        yield f"{what}未触发 · it did not fire {thing}"
    for one in fired[-explain.LAST :]:
        back = f"  压下·held: {held[one.id]}" if one.id in held else ""
        late = "  迟到·late" if one.late else ""
        said = f"{one.colour} {one.reason.zh} · {one.reason.en}"
        yield f"触发 · fired {_clock(one.fired_at)} {said}{late}{back}"


def outcome_text(outcome: Outcome) -> Iterator[str]:
    """A table by rule, then each difference."""
    yield (
        f"{_clock(outcome.start)} – {_clock(outcome.end)}: {outcome.messages} 条消息 · messages"
        f", {outcome.version}"
    )
    if outcome.skipped:
        yield f"跳过 {outcome.skipped} 条 · {outcome.skipped} skipped: their devices are not known"
    for name, why in outcome.broken.items():
        yield f"规则出错 · rule broke: {name}: {why}"
    changed = [name for name in outcome.names() if _differs(outcome, name)]
    if not changed:
        total = sum(outcome.ledger.values())
        yield f"没有差别 · no difference: {total} 条告警 · alerts"
        return
    yield "规则 · rule                       was      now      new     gone  changed"
    for name in changed:
        counts = outcome.counts(name)
        cells = (counts[key] for key in ("ledger", "replayed", "new", "gone", "changed"))
        yield f"{name:<27}" + "".join(f"{cell:>9}" for cell in cells)
    yield from (one.text() for one in outcome.differences[:SHOWN])
    if len(outcome.differences) > SHOWN:
        yield f"… +{len(outcome.differences) - SHOWN}"


def _differs(outcome: Outcome, name: str) -> bool:
    counts = outcome.counts(name)
    return any(counts[kind] for kind in ("new", "gone", "changed"))


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
