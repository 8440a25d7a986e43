"""Observations from their first message to their end, across restarts of either side."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, Update, bindparam, select, update

from hub_server.alerting.ending import UNKNOWN, Over, follow_observations
from hub_server.alerting.inputs import Tick
from hub_server.incidents.opening import add_strip
from hub_server.ingest.types import EventMessage
from hub_server.ledger.bulk import insert_rows, update_rows
from hub_server.ledger.engine import in_turn
from hub_server.ledger.tables import alerts, devices, observations
from hub_server.pipeline.share import Share
from linli_contract.payloads import Observation, Phase

_KNOWN = select(
    observations.c.id, observations.c.ended_at, observations.c.cause, observations.c.incident
).where(observations.c.id.in_(bindparam("ids", expanding=True)))
_ALL = tuple(column.name for column in observations.columns)
_RENEWED = ("renewed_at", "ended_at", "cause")


@dataclass
class _Change:
    """One observation as the ledger will hold it after the batch."""

    row: dict[str, object]
    new: bool = False
    ended: bool = False
    pictures: list[tuple[str, str]] = field(default_factory=list)


def note(
    conn: Connection, seen: Sequence[tuple[EventMessage, Observation]], now: datetime
) -> set[tuple[str, str]]:
    """Write down messages of observations; (device, id) of those that are the first of theirs."""
    ids = {observation.observation_id for _, observation in seen}
    rows = conn.execute(_KNOWN, {"ids": list(ids)})
    changes = {row.id: _Change(row._asdict()) for row in rows}
    touched: set[str] = set()
    begun: set[tuple[str, str]] = set()
    for message, one in seen:
        name = one.observation_id
        if name not in changes:
            changes[name] = _Change(_first_row(message, one, now), new=True)
            begun.add((message.topic.device, message.envelope.id))
        else:
            _renew(changes[name], message, one, now)
            touched.add(name)
    _write(conn, changes.values())
    _follow(conn, [changes[name] for name in sorted(touched)], now)
    return begun


def _first_row(message: EventMessage, seen: Observation, now: datetime) -> dict[str, object]:
    ended = _end(message, seen)
    return {
        "id": seen.observation_id,
        "device": message.topic.device,
        "source": message.envelope.subject,
        "type": message.topic.name,
        "zone": seen.zone,
        "started_at": seen.started_at,
        "renewed_at": now,
        "ended_at": ended,
        "cause": seen.cause if ended else "",
        "incident": None,
    }


def _end(message: EventMessage, seen: Observation) -> datetime | None:
    return seen.ended_at or message.envelope.time if seen.phase is Phase.END else None


def _renew(change: _Change, message: EventMessage, seen: Observation, now: datetime) -> None:
    row, ended = change.row, _end(message, seen)
    row["renewed_at"] = now
    if ended is not None:
        row |= {"ended_at": ended, "cause": seen.cause}
        change.ended = True
    elif row["cause"] == UNKNOWN:  # it lived on while we could not hear it
        row |= {"ended_at": None, "cause": ""}
        change.ended = True
    change.pictures += [(picture.sha256, picture.kind) for picture in seen.pictures]


def _write(conn: Connection, changes: Iterable[_Change]) -> None:
    new = [change.row for change in changes if change.new]
    old = [change.row for change in changes if not change.new]
    if new:
        insert_rows(conn, observations, _ALL, [[row[name] for name in _ALL] for row in new])
    if old:
        rows = [[row["id"], *(row[name] for name in _RENEWED)] for row in old]
        update_rows(conn, observations, ("id",), _RENEWED, rows)


def _follow(conn: Connection, changes: Sequence[_Change], now: datetime) -> None:
    """Let the alerts of the observations, and their incidents, know."""
    told = _alerted(conn, [str(one.row["id"]) for one in changes if one.ended])
    for change in changes:
        incident, ended = change.row["incident"], change.row["id"] in told
        if not (ended or (change.pictures and incident)):
            continue
        in_turn(conn)
        if change.pictures and isinstance(incident, str):
            add_strip(conn, incident, change.pictures)
    overs = [_over(change.row) for change in changes if change.row["id"] in told]
    follow_observations(conn, overs, now)


def _alerted(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Those of ``ids`` that have alerts, also such as were held back and opened nothing."""
    if not ids:
        return set()
    return set(conn.scalars(select(alerts.c.observation).where(alerts.c.observation.in_(ids))))


_LINK = (
    update(observations)
    .where(observations.c.id == bindparam("_id"))
    .values(incident=bindparam("_incident"))
)
_OVER = select(observations).where(
    observations.c.id.in_(bindparam("ids", expanding=True)), observations.c.ended_at.is_not(None)
)


def link(conn: Connection, cases: Mapping[str, str]) -> None:
    """Note the incident of each observation."""
    if cases:
        rows = [{"_id": name, "_incident": incident} for name, incident in cases.items()]
        conn.execute(_LINK, rows)


def settle(conn: Connection, ids: Iterable[str], now: datetime) -> None:
    """New alerts of observations that are over already end at once."""
    names = sorted(ids)
    if names:
        rows = conn.execute(_OVER, {"ids": names}).mappings()
        follow_observations(conn, [_over(row) for row in rows], now)


def overdue(
    conn: Connection, tick: Tick, renew_s: float, share: Share | None = None
) -> list[RowMapping]:
    """Open observations, of ``share``, nobody renewed while the hub was receiving all along."""
    if tick.receiving_since is None or not tick.received_for(renew_s, tick.receiving_since):
        return []
    limit = tick.now - timedelta(seconds=renew_s)
    here = devices.c.device == observations.c.device
    query = select(observations, devices.c.grid).join(devices, here, isouter=True)
    query = query.where(observations.c.ended_at.is_(None), observations.c.renewed_at <= limit)
    rows = conn.execute(query).mappings()
    return [row for row in rows if share is None or share.holds(row["grid"] or "")]


def end_overdue(conn: Connection, tick: Tick, renew_s: float, share: Share | None = None) -> int:
    """End them with cause ``unknown`` at the time of their last message; how many."""
    rows = overdue(conn, tick, renew_s, share)
    if rows:
        in_turn(conn)
    for row in rows:
        conn.execute(_one(row["id"]).values(ended_at=row["renewed_at"], cause=UNKNOWN))
    overs = [Over(row["id"], row["renewed_at"], UNKNOWN) for row in rows]
    follow_observations(conn, overs, tick.now)
    return len(rows)


def _over(row: Mapping[str, object] | RowMapping) -> Over:
    ended = row["ended_at"] if isinstance(row["ended_at"], datetime) else None
    return Over(str(row["id"]), ended, str(row["cause"]))


def _one(observation_id: str) -> Update:
    return update(observations).where(observations.c.id == observation_id)
