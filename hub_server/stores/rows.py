"""Points as rows of the ledger, written in the transaction of what they tell."""

from collections.abc import Iterable
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, RowMapping, insert, select

from hub_server.ledger import counters
from hub_server.ledger.bulk import insert_rows
from hub_server.ledger.place import Place
from hub_server.ledger.tables import areas, quarantine, series
from hub_server.stores.line_protocol import Point, UnwritableError, encode
from hub_server.stores.points import IncidentStep, incident_point

log = structlog.get_logger("stores")
UNWRITABLE = "point_unwritable"


def queue(conn: Connection, points: Iterable[Point]) -> None:
    """Queue ``points`` for every store. One that the format cannot carry is set aside with the
    reason and counted: what it tells of is kept all the same."""
    lines, refused = list[str](), list[tuple[Point, str]]()
    for point in points:
        try:
            lines.append(encode(point))
        except UnwritableError as error:
            refused.append((point, str(error)))
    if lines:
        insert_rows(conn, series, ("line",), [(line,) for line in lines])
    for point, reason in refused:
        _set_aside(conn, point, reason)


def _set_aside(conn: Connection, point: Point, reason: str) -> None:
    log.error("point cannot be written", error=reason, measurement=point.measurement)
    counters.add(conn, "points_unwritable")
    row = {
        "received_at": datetime.fromtimestamp(point.time_ns // 10**9, UTC),
        "topic": "series",
        "device": point.tags.get("device", "")[:64],
        "reason": UNWRITABLE,
        "detail": reason[:2000],
        "payload": repr(point).encode(errors="replace"),
    }
    conn.execute(insert(quarantine).values(**row))


def add_incident_steps(conn: Connection, pairs: Iterable[tuple[RowMapping, RowMapping]]) -> None:
    """Queue the points of steps of incidents: (incident, step)."""
    found = list(pairs)
    places = {grid: place_of(conn, grid) for grid in {incident["grid"] for incident, _ in found}}
    queue(conn, [_point(incident, step, places[incident["grid"]]) for incident, step in found])


def _point(incident: RowMapping, step: RowMapping, place: Place) -> Point:
    return incident_point(
        IncidentStep(
            incident=incident["id"],
            number=incident["number"],
            type=incident["type"],
            device=incident["device"],
            source=incident["source"],
            colour=incident["colour"],
            action=step["action"],
            state=step["to_state"],
            seq=step["seq"],
            at=step["at"],
            lat=incident["lat"],
            lon=incident["lon"],
        ),
        place,
    )


def place_of(conn: Connection, grid: str) -> Place:
    """The codes of the areas around ``grid``; empty where a level is not known."""
    codes = [grid[:length] for length in range(1, len(grid) + 1)]
    query = select(areas.c.level, areas.c.code).where(areas.c.code.in_(codes))
    found = {row.level: row.code for row in conn.execute(query)}
    return Place(found.get("county", ""), found.get("town", ""), found.get("community", ""), grid)
