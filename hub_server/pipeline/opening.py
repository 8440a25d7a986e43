"""open: every alert is written down and opens, joins or reopens an incident, unless it is held."""

from sqlalchemy import Connection

from hub_server.alerting.ending import end_cleared, tell_incident
from hub_server.alerting.holding import Held, holds
from hub_server.alerting.types import Alert
from hub_server.incidents.opening import join_open, open_or_join
from hub_server.ledger import counters
from hub_server.ledger.engine import in_turn
from hub_server.ledger.tables import alerts
from hub_server.ledger.upsert import insert
from hub_server.pipeline import observations
from hub_server.pipeline.work import Parts, Work


def open_incidents(conn: Connection, work: Work, parts: Parts) -> None:
    """Turn the work's alerts into incidents; an alert the ledger has already is passed by."""
    if work.alerts or work.draft.ended:
        in_turn(conn)
    new = [alert for alert in work.alerts if _note(conn, alert)]
    ended = end_cleared(conn, work.draft.ended, work.now)
    held = holds(conn, new, parts.rules)
    for alert in new:
        here = alerts.c.id == alert.id
        if why := held.get(alert.id):
            conn.execute(alerts.update().where(here).values(held=why.why, held_by=why.by))
            if alert.observation_id:
                observations.settle(conn, alert.observation_id, work.now)
        else:
            _open(conn, alert, work, parts)
    work.told.update((one.type, one.colour.value, _why(held.get(one.id))) for one in new)
    counters.add(conn, "alerts", len(new))
    counters.add(conn, "alerts_held", len(held))
    work.alerts = new
    work.changed = work.changed or bool(new) or ended > 0


def _why(held: Held | None) -> str:
    return held.why if held else "none"


def _open(conn: Connection, alert: Alert, work: Work, parts: Parts) -> None:
    act = join_open if alert.eases else open_or_join
    outcome = act(conn, alert, parts.policy, work.now)
    if outcome is None:
        return
    here = alerts.c.id == alert.id
    conn.execute(alerts.update().where(here).values(incident=outcome.incident))
    observations.link(conn, alert.observation_id, outcome.incident, work.now)
    if alert.passing or any(one.id == alert.id for one in work.draft.ended):
        tell_incident(conn, outcome.incident, work.now)


def _note(conn: Connection, alert: Alert) -> bool:
    row = insert(conn, alerts).values(
        id=alert.id,
        rule=alert.rule,
        rules_version=alert.rules_version,
        type=alert.type,
        colour=alert.colour.value,
        device=alert.device,
        source=alert.source,
        zone=alert.zone,
        grid=alert.grid,
        community=alert.community,
        time=alert.time,
        fired_at=alert.fired_at,
        late=alert.late,
        reason=alert.reason.as_json(),
        event_id=alert.event_id,
        observation=alert.observation_id,
        labels=dict(alert.labels),
        ended_at=alert.time if alert.passing else None,
        end_cause="late" if alert.passing else "",
    )
    row = row.on_conflict_do_nothing(index_elements=["id"])
    return conn.execute(row.returning(alerts.c.id)).first() is not None
