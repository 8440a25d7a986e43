"""The end of an alert. The case that it opened goes on; it only shows that the alert is over."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, select, update

from hub_server.alerting.types import Ended
from hub_server.incidents.opening import end_observation
from hub_server.ledger.tables import alerts

UNKNOWN = "unknown"
"""Why an observation ended that nobody renewed."""


def end_alerts(conn: Connection, rule: str, cause: str, now: datetime) -> int:
    """End what ``rule`` has open, with ``cause``, at ``now``; how many alerts."""
    return _end(conn, alerts.c.rule == rule, now, cause, now)


def follow_observation(
    conn: Connection, observation: str, ended_at: datetime | None, cause: str, now: datetime
) -> None:
    """The alerts of an observation end with it; they live on when it does (``ended_at`` None).

    One that ended otherwise, because it was repeated or its rule went, stays as it is.
    """
    here = (alerts.c.ended_at.is_(None)) | (alerts.c.end_cause == UNKNOWN)
    change = update(alerts).where(alerts.c.observation == observation, here)
    change = change.values(ended_at=ended_at, end_cause=cause if ended_at else "")
    _tell_all(conn, conn.scalars(change.returning(alerts.c.incident)), now)


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
    _tell_all(conn, [row.incident for row in rows], now)
    return len(rows)


def _tell_all(conn: Connection, incidents: Iterable[str | None], now: datetime) -> None:
    for incident in sorted({incident for incident in incidents if incident}):
        tell_incident(conn, incident, now)


def tell_incident(conn: Connection, incident: str, now: datetime) -> None:
    """An incident is over for its alerts when the last of them is."""
    ends = list(conn.scalars(select(alerts.c.ended_at).where(alerts.c.incident == incident)))
    over = None if None in ends else max((time for time in ends if time), default=None)
    end_observation(conn, incident, over, now)
