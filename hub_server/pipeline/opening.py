"""open: every alert is written down and opens, joins or reopens an incident."""

from sqlalchemy import Connection

from hub_server.alerting.types import Alert
from hub_server.incidents.opening import open_or_join
from hub_server.ledger import counters
from hub_server.ledger.engine import in_turn
from hub_server.ledger.tables import alerts
from hub_server.ledger.upsert import insert
from hub_server.pipeline import observations
from hub_server.pipeline.work import Parts, Work


def open_incidents(conn: Connection, work: Work, parts: Parts) -> None:
    """Turn the work's alerts into incidents; an alert the ledger has already is passed by."""
    if work.alerts:
        in_turn(conn)
    new = [alert for alert in work.alerts if _note(conn, alert)]
    for alert in new:
        outcome = open_or_join(conn, alert, parts.policy, work.now)
        here = alerts.c.id == alert.id
        conn.execute(alerts.update().where(here).values(incident=outcome.incident))
        observations.link(conn, alert.observation_id, outcome.incident, work.now)
    counters.add(conn, "alerts", len(new))
    work.alerts = new
    work.changed = work.changed or bool(new)


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
        time=alert.time,
        fired_at=alert.fired_at,
        late=alert.late,
        reason=alert.reason.as_json(),
        event_id=alert.event_id,
    )
    row = row.on_conflict_do_nothing(index_elements=["id"])
    return conn.execute(row.returning(alerts.c.id)).first() is not None
