"""A picture may arrive after the event that names it: people who look then see a change."""

from sqlalchemy import Connection, select, update

from hub_server.ledger.counters import next_change
from hub_server.ledger.tables import incident_pictures, incidents


def picture_arrived(conn: Connection, sha256: str) -> None:
    """Mark the cases that wait for this picture as changed."""
    query = select(incident_pictures.c.incident).where(incident_pictures.c.sha256 == sha256)
    for incident in conn.scalars(query.distinct()).all():
        changed = update(incidents).where(incidents.c.id == incident)
        conn.execute(changed.values(change=next_change(conn)))
