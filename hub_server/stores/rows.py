"""Points as rows of the ledger, written in the transaction of what they tell."""

from sqlalchemy import Connection, RowMapping, insert, select

from hub_server.ledger.place import Place
from hub_server.ledger.tables import areas, series
from hub_server.stores.line_protocol import encode
from hub_server.stores.points import IncidentStep, incident_point


def add_incident_step(conn: Connection, incident: RowMapping, step: RowMapping) -> None:
    """Queue the point of one step of an incident."""
    point = incident_point(
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
        place_of(conn, incident["grid"]),
    )
    conn.execute(insert(series).values(line=encode(point)))


def place_of(conn: Connection, grid: str) -> Place:
    """The codes of the areas around ``grid``; empty where a level is not known."""
    codes = [grid[:length] for length in range(1, len(grid) + 1)]
    query = select(areas.c.level, areas.c.code).where(areas.c.code.in_(codes))
    found = {row.level: row.code for row in conn.execute(query)}
    return Place(found.get("county", ""), found.get("town", ""), found.get("community", ""), grid)
