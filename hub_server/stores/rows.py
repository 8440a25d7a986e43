"""Steps of incidents as points."""

from collections.abc import Iterable

from sqlalchemy import Connection, RowMapping, select

from hub_server.ledger.place import Place
from hub_server.ledger.tables import areas
from hub_server.stores.line_protocol import Point
from hub_server.stores.points import IncidentStep, incident_point
from hub_server.stores.waiting import queue


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
