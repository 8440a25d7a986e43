"""The end of an alert. The case that it opened goes on; it only shows that the alert is over."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, update

from hub_server.alerting.types import Ended
from hub_server.incidents.opening import end_observations
from hub_server.ledger.tables import alerts

UNKNOWN = "unknown"
"""Why an observation ended that nobody renewed."""


def end_alerts(conn: Connection, rule: str, cause: str, now: datetime) -> int:
    """End what ``rule`` has open, with ``cause``, at ``now``; how many alerts."""
    return _end(conn, alerts.c.rule == rule, now, cause, now)


class Over(NamedTuple):
    """What became of an observation."""

    observation: str
    ended_at: datetime | None
    """None: it goes on."""
    cause: str


_FOLLOW = (
    update(alerts)
    .where(
        alerts.c.observation == bindparam("_observation"),
        (alerts.c.ended_at.is_(None)) | (alerts.c.end_cause == UNKNOWN),
    )
    .values(ended_at=bindparam("_ended_at"), end_cause=bindparam("_cause"))
)
_INCIDENTS = select(alerts.c.incident).where(
    alerts.c.observation.in_(bindparam("names", expanding=True))
)
_ENDS = (
    select(
        alerts.c.incident,
        (func.count() - func.count(alerts.c.ended_at)).label("open"),
        func.max(alerts.c.ended_at).label("last"),
    )
    .where(alerts.c.incident.in_(bindparam("names", expanding=True)))
    .group_by(alerts.c.incident)
)


def follow_observations(conn: Connection, overs: Sequence[Over], now: datetime) -> None:
    """The alerts of observations end with them; they live on when those do.

    One that ended otherwise, because it was repeated or its rule went, stays as it is.
    """
    if not overs:
        return
    rows = [
        {
            "_observation": one.observation,
            "_ended_at": one.ended_at,
            "_cause": one.cause if one.ended_at else "",
        }
        for one in overs
    ]
    conn.execute(_FOLLOW, rows)
    names = [one.observation for one in overs]
    tell_incidents(conn, conn.scalars(_INCIDENTS, {"names": names}), now)


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
    tell_incidents(conn, [row.incident for row in rows], now)
    return len(rows)


def tell_incidents(conn: Connection, incidents: Iterable[str | None], now: datetime) -> None:
    """An incident is over for its alerts when the last of them is."""
    names = sorted({incident for incident in incidents if incident})
    over: dict[str, datetime | None] = dict.fromkeys(names)
    for row in conn.execute(_ENDS, {"names": names}) if names else ():
        over[row.incident] = None if row.open else row.last
    end_observations(conn, over, now)
