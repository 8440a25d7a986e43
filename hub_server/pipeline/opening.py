"""open: every alert is written down and opens, joins or reopens an incident, unless it is held."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, update

from hub_server.alerting.ending import end_cleared, tell_incidents
from hub_server.alerting.holding import Held, holds
from hub_server.alerting.types import Alert
from hub_server.incidents.joining import Joins
from hub_server.incidents.new_cases import NewCases
from hub_server.incidents.opening import join_open, open_or_join
from hub_server.ledger import counters
from hub_server.ledger.engine import in_turn
from hub_server.ledger.tables import alerts
from hub_server.ledger.upsert import put
from hub_server.pipeline import observations
from hub_server.pipeline.work import Parts, Work


def open_incidents(conn: Connection, work: Work, parts: Parts) -> list[Alert]:
    """Turn the work's alerts into incidents; an alert the ledger has already is passed by.

    Returns:
        The new ones that nothing holds back, in order.
    """
    if work.alerts or work.draft.ended:
        in_turn(conn)
    new = _note(conn, work.alerts)
    ended = end_cleared(conn, work.draft.ended, work.now)
    held = holds(conn, new, parts.rules)
    free = [alert for alert in new if alert.id not in held]
    cases = open_cases(conn, free, work, parts)
    mark(conn, cases, held)
    _follow(conn, new, cases, work)
    work.told.update((one.type, one.colour.value, _why(held.get(one.id))) for one in new)
    counters.add_all(conn, {"alerts": len(new), "alerts_held": len(held)})
    work.alerts = new
    work.changed = work.changed or bool(new) or ended > 0
    return free


def _why(held: Held | None) -> str:
    return held.why if held else "none"


def open_cases(conn: Connection, new: Sequence[Alert], work: Work, parts: Parts) -> dict[str, str]:
    """Alert id → the incident that it opened, joined or reopened."""
    cases: dict[str, str] = {}
    fresh, joins = NewCases(conn, new, parts.policy, work.now), Joins(conn, new)
    for alert in new:
        incident = joins.take(alert)
        if incident is None and (incident := fresh.take(alert)):
            joins.opens(alert, incident)
        if incident is None:
            fresh.write()
            joins.write(work.now, alert.group_key)  # what others hear of counts those before it
            act = join_open if alert.eases else open_or_join
            outcome = act(conn, alert, parts.policy, work.now)
            joins.look([alert.group_key])
            incident = outcome.incident if outcome else None
        if incident is not None:
            cases[alert.id] = incident
    fresh.write()
    joins.write(work.now)
    return cases


_OPENED = update(alerts).where(alerts.c.id == bindparam("_id")).values(incident=bindparam("_to"))
_HELD = (
    update(alerts)
    .where(alerts.c.id == bindparam("_id"))
    .values(held=bindparam("_why"), held_by=bindparam("_by"))
)


def mark(conn: Connection, cases: Mapping[str, str], held: Mapping[str, Held]) -> None:
    """Note what became of the alerts."""
    if cases:
        conn.execute(_OPENED, [{"_id": name, "_to": case} for name, case in cases.items()])
    if held:
        rows = [{"_id": name, "_why": one.why, "_by": one.by} for name, one in held.items()]
        conn.execute(_HELD, rows)


def _follow(conn: Connection, new: Sequence[Alert], cases: Mapping[str, str], work: Work) -> None:
    """Alerts end with their observation; one that is over already ends its incident at once."""
    seen = [alert for alert in new if alert.observation_id]
    linked = {alert.observation_id: cases[alert.id] for alert in seen if alert.id in cases}
    observations.link(conn, linked)
    observations.settle(conn, {alert.observation_id for alert in seen}, work.now)
    over = {one.id for one in work.draft.ended}
    passed = [alert.id for alert in new if alert.passing or alert.id in over]
    tell_incidents(conn, [cases.get(name) for name in passed], work.now)


def _note(conn: Connection, found: Sequence[Alert]) -> list[Alert]:
    """Write alerts down; those that were not there yet, in order."""
    if not found:
        return []
    unique = {alert.id: alert for alert in reversed(found)}
    rows = [_row(alert) for alert in reversed(unique.values())]
    new = set(conn.scalars(put(conn, alerts, ("id",), back=("id",)), rows))
    return [alert for alert in reversed(unique.values()) if alert.id in new]


def _row(alert: Alert) -> dict[str, object]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "rules_version": alert.rules_version,
        "type": alert.type,
        "colour": alert.colour.value,
        "device": alert.device,
        "source": alert.source,
        "zone": alert.zone,
        "grid": alert.grid,
        "community": alert.community,
        "time": alert.time,
        "fired_at": alert.fired_at,
        "late": alert.late,
        "reason": alert.reason.as_json(),
        "event_id": alert.event_id,
        "observation": alert.observation_id,
        "labels": dict(alert.labels),
        "ended_at": alert.time if alert.passing else None,
        "end_cause": "late" if alert.passing else "",
    }
