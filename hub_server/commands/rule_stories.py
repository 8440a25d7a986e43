"""``hub-server rules explain|replay``: why a rule fired, and what other rules would have said."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import RowMapping, select

from hub_server.alerting.engine import Limits
from hub_server.alerting.rules import Rule
from hub_server.commands.ledger import ledger_of
from hub_server.commands.rules import Config
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import inbox
from hub_server.rule_sets import explain as explaining
from hub_server.rule_sets import telling
from hub_server.rule_sets.checks import near
from hub_server.rule_sets.place import keyed_by, lane_of, rules_dir
from hub_server.rule_sets.reading import RuleSet, read_set
from hub_server.rule_sets.replay import replay as play
from hub_server.settings import Hub, load_hub
from linli_settings import ConfigError

COMMAND = "command line"
Source = Annotated[str, typer.Option(help="设备或信号源 · A device, or device/source")]
At = Annotated[str, typer.Option(help="时刻 · A moment, e.g. 2026-11-22T08:00:00+08:00")]
EventId = Annotated[str, typer.Option("--event", help="事件编号 · The id of an event")]
From = Annotated[str, typer.Option("--from", help="开始，默认 24 小时前 · Default: 24 h ago")]
To = Annotated[str, typer.Option("--to", help="结束，默认现在 · Default: now")]
Folder = Annotated[
    Path | None,
    typer.Option("--rules", help="改过的规则文件夹 · The changed folder; default: the hub's"),
]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON · For programs")]


def explain(
    rule: str, config: Config, source: Source = "", at: At = "", event: EventId = ""
) -> None:
    """规则看什么、记得什么、为何(未)触发 · What a rule looks at and why it did or did not fire."""
    hub, now = load_hub(config), datetime.now(UTC)
    found = read_set(rules_dir(hub), keyed_by(hub))
    one = _rule(found, rule)
    _print(telling.rule_text(one, found.version))
    with ledger_of(hub) as ledger:
        if event or at:
            row = _event(ledger, event) if event else None
            moment = min(now, _after(row, one, hub) if row else _time(at, "--at", now))
            place = source or (row["device"] if row else "")
            _tell_story(ledger, found, one, hub, moment, place, event)
            return
        with ledger.read() as conn:
            states = explaining.present(conn, one, source)
    typer.echo("现在 · now:")
    _print(telling.states_text(one, states, now))


def replay(
    config: Config, from_: From = "", to: To = "", rules: Folder = None, json_: Json = False
) -> None:
    """用改过的规则重放收到的消息 · Play what came in through changed rules and compare."""
    hub, now = load_hub(config), datetime.now(UTC)
    start = _time(from_, "--from", now - timedelta(days=1))
    end = min(_time(to, "--to", now), now)
    if start >= end:
        raise ConfigError.one(COMMAND, "--from", "a time before --to", from_ or str(start))
    found = read_set(rules or rules_dir(hub), keyed_by(hub))
    with ledger_of(hub) as ledger:
        outcome = play(ledger, found, Limits(hub.settings.limits.late), start, end, lane_of(hub))
    if json_:
        typer.echo(json.dumps(outcome.as_json(), ensure_ascii=False, default=datetime.isoformat))
    else:
        _print(telling.outcome_text(outcome))


def _tell_story(
    ledger: Ledger, found: RuleSet, rule: Rule, hub: Hub, at: datetime, source: str, event: str
) -> None:
    limits = Limits(hub.settings.limits.late)
    told = explaining.story(ledger, found, rule, limits, at, source, lane_of(hub))
    with ledger.read() as conn:
        held = explaining.held(conn, [alert.id for alert in told.fired])
    _print(telling.story_text(told, rule, held, event))


def _rule(found: RuleSet, name: str) -> Rule:
    rule = found.rules.named(name)
    if rule is None:
        known = [one.spec.name for one in found.rules.rules]
        raise ConfigError.one(
            COMMAND, "RULE", "a rule of the folder", repr(name), near(name, known)
        )
    return rule


def _after(row: RowMapping, rule: Rule, hub: Hub) -> datetime:
    """When the rule has judged an event: at once, or when the lateness has passed."""
    lag = Limits(hub.settings.limits.late).lag
    received: datetime = row["received_at"]
    return received + (timedelta(0) if rule.spec.at_once else lag) + timedelta(seconds=1)


def _event(ledger: Ledger, event: str) -> RowMapping:
    with ledger.read() as conn:
        row = conn.execute(select(inbox).where(inbox.c.id == event)).mappings().first()
    if row is None:
        raise ConfigError.one(COMMAND, "--event", "an event that the inbox still has", repr(event))
    return row


def _time(text: str, option: str, default: datetime) -> datetime:
    """A moment; without a zone, the machine's."""
    if not text:
        return default
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        expected = "a time such as 2026-11-22T08:00:00+08:00"
        raise ConfigError.one(COMMAND, option, expected, repr(text)) from None


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
