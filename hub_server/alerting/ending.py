"""The end of an alert. The case that it opened goes on; it only shows that the alert is over."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from hub_server.alerting.types import Ended
from hub_server.incidents.opening import end_observation
from hub_server.ledger.tables import alerts


def end_alerts(conn: Connection, rule: str, cause: str, now: datetime) -> int:
    """End what ``rule`` has open, with ``cause``, at ``now``; how many alerts."""
    return _end(conn, alerts.c.rule == rule, now, cause, now)


def end_of_observation(conn: Connection, observation: str, cause: str, time: datetime) -> int:
    """End the alerts of an observation that is over since ``time``."""
    here = (alerts.c.observation == observation) & (alerts.c.observation != "")
    return _end(conn, here, time, cause, time)


def end_cleared(conn: Connection, ended: Iterable[Ended], now: datetime) -> int:
    """End alerts whose conditions say that they hold no longer."""
    return sum(_end(conn, alerts.c.id == one.id, one.time, one.cause, now) for one in ended)


def _end(
    conn: Connection, here: ColumnElement[bool], time: datetime, cause: str, now: datetime
) -> int:
    rows = conn.execute(
        update(alerts)
        .where(here, alerts.c.ended_at.is_(None))
        .values(ended_at=time, end_cause=cause)
        .returning(alerts.c.incident)
    ).all()
    for incident in sorted({row.incident for row in rows if row.incident}):
        tell_incident(conn, incident, now)
    return len(rows)


def tell_incident(conn: Connection, incident: str, now: datetime) -> None:
    """An incident is over for its alerts when the last of them is."""
    ends = list(conn.scalars(select(alerts.c.ended_at).where(alerts.c.incident == incident)))
    over = None if None in ends else max((time for time in ends if time), default=None)
    end_observation(conn, incident, over, now)
