"""Rules over alerts: in the same transaction after the alerts they look at, or, where workers
share the county, in the pipeline of the second stage.

A worker's alerts go there by way of the ledger: rows of ``alerts_out`` are written with the batch
that fired them, produced to Kafka (:mod:`hub_server.ingest.kafka_relay`) and only then deleted. So
none is lost, and one that is produced twice is counted once: ``alerts_counted`` knows its id.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert

from hub_server.alerting.engine import evaluate, evaluate_tick
from hub_server.alerting.inputs import AlertInput, Tick
from hub_server.alerting.keyed import Hushed
from hub_server.alerting.second import Place, alert_inputs, arrivals_of
from hub_server.alerting.state import to_json_input
from hub_server.alerting.types import Alert
from hub_server.ingest.types import AlertMessage, Message, RefusedMessage
from hub_server.ledger import counters
from hub_server.ledger.tables import alerts_counted, alerts_out
from hub_server.ledger.upsert import insert as insert_once
from hub_server.pipeline.opening import open_incidents
from hub_server.pipeline.quarantine import put_aside
from hub_server.pipeline.work import Parts, Work

KEEP = timedelta(days=8)
"""How long an id is known: longer than Kafka keeps its record."""
Timers = tuple[Sequence[Place], Tick, Hushed]
"""Places of rules over alerts that a tick may change, the tick, and where nobody is missed."""


def go_on(
    conn: Connection, work: Work, parts: Parts, told: Sequence[Alert], timers: Timers | None = None
) -> None:
    """What the alerts ``told`` of the first stage mean for rules over alerts."""
    if not parts.rules.second:
        return
    items = [one for one in alert_inputs(told, parts.areas.names) if _wanted(one, parts)]
    if parts.share is not None and not parts.share.second:
        _hand_over(conn, items, work, parts.share.lane)
    elif items or timers:
        judge(conn, work, parts, items, timers)


def judge(
    conn: Connection,
    work: Work,
    parts: Parts,
    items: Sequence[AlertInput],
    timers: Timers | None = None,
) -> None:
    """Run the rules over alerts; what they fire is added to the work."""
    first, ended, early = work.alerts, work.draft.ended, work.draft.early
    work.draft.ended = []  # those of the first stage have been dealt with
    work.alerts = evaluate(parts.rules, work.draft, arrivals_of(items), parts.limits, work.now)
    if timers:
        due, tick, hushed = timers
        work.alerts += evaluate_tick(parts.rules, work.draft, due, tick, parts.limits, hushed)
    work.counts["inputs_early"] += work.draft.early - early
    if work.alerts or work.draft.ended:
        open_incidents(conn, work, parts)
    work.alerts = [*first, *work.alerts]
    work.draft.ended = [*ended, *work.draft.ended]


def take_in(conn: Connection, work: Work, parts: Parts) -> None:
    """A batch of the second stage: alerts that workers handed over, each once."""
    items = _understood(conn, work)
    new = _new(conn, items, work.now)
    work.counts["alerts_taken_in"] += len(new)
    work.counts["alerts_taken_in_again"] += len(items) - len(new)
    judge(conn, work, parts, new)


def _understood(conn: Connection, work: Work) -> list[AlertInput]:
    found: list[AlertInput] = []
    for message in work.batch:
        if isinstance(message, AlertMessage):
            found.append(message.alert)
        else:
            put_aside(conn, message, *_why_not(message), work)
    return found


def _why_not(message: Message) -> tuple[str, str]:
    if isinstance(message, RefusedMessage):
        return message.reason, message.detail
    return "not_an_alert", f"topic: expected an alert of a worker, got {message.received.topic}"


def _new(conn: Connection, items: Sequence[AlertInput], now: datetime) -> list[AlertInput]:
    unique = {one.event_id: one for one in reversed(items)}
    if not unique:
        return []
    row = insert_once(conn, alerts_counted).on_conflict_do_nothing(index_elements=["id"])
    rows = [{"id": name, "at": now} for name in unique]
    new = set(conn.scalars(row.returning(alerts_counted.c.id), rows))
    return [one for name, one in reversed(unique.items()) if name in new]


def _wanted(item: AlertInput, parts: Parts) -> bool:
    """Whether any rule over alerts looks at it; those that broke are tried again one day."""
    rules = (parts.rules.known[name] for name in parts.rules.second)
    return any(rule.condition.fits(item) for rule in rules)


def _hand_over(conn: Connection, items: Sequence[AlertInput], work: Work, lane: str) -> None:
    rows = [
        {
            "id": one.event_id,
            "lane": lane,
            "county": one.site.county,
            "payload": to_json_input(one),
            "created_at": work.now,
        }
        for one in items
    ]
    if rows:
        conn.execute(insert(alerts_out), rows)
        counters.add(conn, "alerts_handed_over", len(rows))


def prune_counted(conn: Connection, now: datetime) -> int:
    """Forget alerts that Kafka has forgotten too; how many."""
    old = delete(alerts_counted).where(alerts_counted.c.at < now - KEEP)
    return int(conn.execute(old).rowcount)
