"""What people see of the cases: read from the ledger, named for them, within their area."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_, select
from sqlalchemy.exc import OperationalError

from hub_server.auth.users import User
from hub_server.incidents.actions import case_of
from hub_server.incidents.due import DueState, due_state
from hub_server.incidents.life import FINAL, allowed
from hub_server.incidents.taps import Actor
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    alerts,
    areas,
    devices,
    incident_pictures,
    incidents,
    pictures,
    sources,
    steps,
    users,
)

View = dict[str, object]
"""The fields of one row of the API's tables."""


@dataclass(frozen=True)
class Wanted:
    """Which cases a list holds."""

    states: tuple[str, ...] = ()
    worker: str | None = None
    before: int | None = None
    """Only changes older than this number."""
    limit: int = 50


def in_area(area: str) -> ColumnElement[bool]:
    """Rows of ``incidents`` whose grid lies in ``area``."""
    return incidents.c.grid.startswith(area, autoescape=True)


def list_incidents(conn: Connection, area: str, wanted: Wanted, now: datetime) -> list[View]:
    """The newest change first."""
    query = select(incidents).where(in_area(area)).order_by(incidents.c.change.desc())
    if wanted.states:
        query = query.where(incidents.c.state.in_(wanted.states))
    if wanted.worker:
        query = query.where(incidents.c.worker == wanted.worker)
    if wanted.before is not None:
        query = query.where(incidents.c.change < wanted.before)
    return _named(conn, conn.execute(query.limit(wanted.limit)).mappings().all(), now)


def find_incident(conn: Connection, incident_id: str, actor: Actor, now: datetime) -> View | None:
    """One case with its steps, pictures, alerts and the actions ``actor`` may take now."""
    query = select(incidents).where(incidents.c.id == incident_id, in_area(actor.area))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return None
    [view] = _named(conn, [row], now)
    taken = _of(conn, select(steps).where(steps.c.incident == incident_id), steps.c.seq)
    return {
        **view,
        "steps": taken,
        "people": _people(conn, [dict(row), *taken]),
        "alerts": _of(conn, select(alerts).where(alerts.c.incident == incident_id), alerts.c.time),
        "pictures": _pictures(conn, incident_id),
        "actions": allowed(case_of(conn, row), actor.name, actor.role),
    }


def calendar_fault(ledger: Ledger) -> str:
    """How many open cases have no limit because nobody knows the holidays; empty when none, and
    while the ledger cannot be read, which its own check says."""
    over = incidents.c.state.in_(sorted(FINAL))
    query = select(func.count(), func.max(incidents.c.due_fault)).where(
        incidents.c.due_fault != "", ~over
    )
    try:
        with ledger.read() as conn:
            count, why = conn.execute(query).one()
    except OperationalError:
        return ""
    fix = "add the year to the rules' holidays.yaml, or update the package chinesecalendar"
    return f"{count} open cases have no time limit: {why} ({fix})" if count else ""


def last_change(conn: Connection) -> int:
    """The number of the newest change to any case."""
    return int(conn.scalar(select(func.max(incidents.c.change))) or 0)


def changed_since(conn: Connection, area: str, after: int, limit: int = 500) -> list[str]:
    """Ids of the cases of ``area`` that changed after number ``after``, oldest change first."""
    query = select(incidents.c.id).where(in_area(area), incidents.c.change > after)
    return list(conn.scalars(query.order_by(incidents.c.change).limit(limit)))


def _of(
    conn: Connection, query: Select[*tuple[object, ...]], order: ColumnElement[object]
) -> list[View]:
    return [dict(row) for row in conn.execute(query.order_by(order)).mappings()]


def _people(conn: Connection, rows: Sequence[Mapping[str, object]]) -> list[View]:
    """Who acts or acted in ``rows`` (a case and its steps): to be named, and to be called."""
    names = {row.get("actor") or row.get("worker") for row in rows}
    for row in rows:
        detail = row.get("detail")
        names.add(detail.get("worker") if isinstance(detail, dict) else None)
    query = select(users.c.name, users.c.role, users.c.zh, users.c.en, users.c.phone)
    return _of(conn, query.where(users.c.name.in_(names - {None})), users.c.name)


def _pictures(conn: Connection, incident_id: str) -> list[View]:
    known = pictures.c.received_at
    query = (
        select(incident_pictures, known)
        .outerjoin(pictures, pictures.c.sha256 == incident_pictures.c.sha256)
        .where(incident_pictures.c.incident == incident_id)
        .order_by(known)
    )
    rows = conn.execute(query).mappings()
    return [{**row, "received": row["received_at"] is not None} for row in rows]


def _named(conn: Connection, rows: Sequence[RowMapping], now: datetime) -> list[View]:
    names = {row.code: {"zh": row.zh, "en": row.en} for row in conn.execute(select(areas))}
    places = _source_names(conn, {str(row["device"]) for row in rows})
    newest = _newest_pictures(conn, [str(row["id"]) for row in rows])
    return [
        {
            **row,
            "area": _area_name(names, str(row["grid"])),
            "source_name": places.get(
                (row["device"], row["source"]), {"zh": row["source"], "en": row["source"]}
            ),
            "picture": newest.get(row["id"]),
            "due_state": _due_state(row, now),
        }
        for row in rows
    ]


def _due_state(row: RowMapping, now: datetime) -> DueState | None:
    return due_state(row["opened_at"], row["due_at"], row["due_fault"], row["closed_at"] or now)


def _area_name(names: dict[str, dict[str, str]], grid: str) -> dict[str, str]:
    """The name of the smallest known area around ``grid``; the code itself when none is."""
    codes = (grid[:n] for n in range(len(grid), 0, -1))
    return next((names[code] for code in codes if code in names), {"zh": grid, "en": grid})


def _source_names(
    conn: Connection, devices: Iterable[str]
) -> dict[tuple[str, str], dict[str, str]]:
    query = select(sources).where(sources.c.device.in_(list(devices)))
    return {(r.device, r.name): {"zh": r.zh, "en": r.en} for r in conn.execute(query)}


def _newest_pictures(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    query = (
        select(incident_pictures.c.incident, pictures.c.sha256)
        .join(pictures, pictures.c.sha256 == incident_pictures.c.sha256)
        .where(incident_pictures.c.incident.in_(ids))
        .order_by(pictures.c.received_at)
    )
    return {row.incident: row.sha256 for row in conn.execute(query)}


def may_see_picture(conn: Connection, sha256: str, user: User) -> bool:
    """Whether a picture belongs to a case or a device of the person's area, or is their own."""
    of_case = (
        select(incidents.c.id)
        .join(incident_pictures, incident_pictures.c.incident == incidents.c.id)
        .where(incident_pictures.c.sha256 == sha256, in_area(user.area))
    )
    if conn.scalar(of_case.limit(1)) is not None:
        return True
    own = pictures.c.uploader == user.name
    here = devices.c.grid.startswith(user.area, autoescape=True)
    of_person = (
        select(pictures.c.sha256)
        .outerjoin(devices, devices.c.device == pictures.c.device)
        .where(pictures.c.sha256 == sha256, or_(own, here))
    )
    return conn.scalar(of_person) is not None
