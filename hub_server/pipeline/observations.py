"""Observations from their first message to their end, across restarts of either side."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, Update, select, update

from hub_server.alerting.inputs import Tick
from hub_server.incidents.opening import add_strip, end_observation
from hub_server.ingest.types import EventMessage
from hub_server.ledger.tables import observations
from hub_server.ledger.upsert import insert
from linli_contract.payloads import Observation, Phase

UNKNOWN = "unknown"
"""Why an observation ended that nobody renewed."""


def note(conn: Connection, message: EventMessage, seen: Observation, now: datetime) -> bool:
    """Write down one message of an observation; True when it is the first of it."""
    ended = seen.ended_at or message.envelope.time if seen.phase is Phase.END else None
    row = insert(conn, observations).values(
        id=seen.observation_id,
        device=message.topic.device,
        source=message.envelope.subject,
        type=message.topic.name,
        zone=seen.zone,
        started_at=seen.started_at,
        renewed_at=now,
        ended_at=ended,
        cause=seen.cause if ended else "",
    )
    row = row.on_conflict_do_nothing(index_elements=["id"])
    if conn.execute(row.returning(observations.c.id)).first() is not None:
        return True
    _renew(conn, seen, ended, now)
    return False


def link(conn: Connection, observation_id: str, incident: str, now: datetime) -> None:
    """``incident`` is the case of an observation; one already over ends there at once."""
    if not observation_id:
        return
    conn.execute(_one(observation_id).values(incident=incident))
    _tell(conn, incident, now)


def overdue(conn: Connection, tick: Tick, renew_s: float) -> list[RowMapping]:
    """Open observations nobody renewed while the hub was receiving all along."""
    if tick.receiving_since is None or not tick.received_for(renew_s, tick.receiving_since):
        return []
    limit = tick.now - timedelta(seconds=renew_s)
    query = select(observations).where(
        observations.c.ended_at.is_(None), observations.c.renewed_at <= limit
    )
    return list(conn.execute(query).mappings())


def end_overdue(conn: Connection, tick: Tick, renew_s: float) -> int:
    """End them with cause ``unknown`` at the time of their last message; how many."""
    rows = overdue(conn, tick, renew_s)
    for row in rows:
        conn.execute(_one(row["id"]).values(ended_at=row["renewed_at"], cause=UNKNOWN))
        if row["incident"]:
            _tell(conn, row["incident"], tick.now)
    return len(rows)


def _renew(conn: Connection, seen: Observation, ended: datetime | None, now: datetime) -> None:
    row = _read(conn, seen.observation_id)
    values: dict[str, object] = {"renewed_at": now}
    if ended is not None:
        values |= {"ended_at": ended, "cause": seen.cause}
    elif row["cause"] == UNKNOWN:
        values |= {"ended_at": None, "cause": ""}  # it lived on while we could not hear it
    conn.execute(_one(seen.observation_id).values(**values))
    if row["incident"] and seen.pictures:
        add_strip(conn, row["incident"], [(p.sha256, p.kind) for p in seen.pictures])
    if row["incident"] and (len(values) > 1 or seen.pictures):
        _tell(conn, row["incident"], now)


def _tell(conn: Connection, incident: str, now: datetime) -> None:
    """An incident's observation is over when the last of those that joined it is."""
    ends = conn.scalars(select(observations.c.ended_at).where(observations.c.incident == incident))
    times = list(ends)
    over = None if None in times else max(time for time in times if time)
    end_observation(conn, incident, over, now)


def _read(conn: Connection, observation_id: str) -> RowMapping:
    query = select(observations).where(observations.c.id == observation_id)
    return conn.execute(query).mappings().one()


def _one(observation_id: str) -> Update:
    return update(observations).where(observations.c.id == observation_id)
