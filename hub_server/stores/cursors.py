"""How far each store has read the ledger's series rows, and which stores there still are.

Rows are dropped once every cursor has passed. A store that was taken out of ``hub.yaml`` would
hold them for ever, so its cursor goes when the hub starts, and by ``hub-server init``.
"""

from collections.abc import Iterable

import structlog
from sqlalchemy import Connection, delete, func, select

from hub_server.ledger import counters
from hub_server.ledger.tables import cursors, series
from hub_server.ledger.upsert import insert
from hub_server.stores import marks

log = structlog.get_logger("stores")
PREFIX = "series/"
MAX_ROWS = 2_000_000
"""Rows, each of a message, that wait for a store that is away; the oldest of more are dropped and
their points counted."""


def begin(conn: Connection, store: str) -> None:
    """A cursor for ``store``; a new one begins with the oldest row there is."""
    row = insert(conn, cursors).values(name=PREFIX + store, position=0)
    conn.execute(row.on_conflict_do_nothing())


def position(conn: Connection, store: str) -> int:
    """The row up to which ``store`` has all."""
    query = select(cursors.c.position).where(cursors.c.name == PREFIX + store)
    return int(conn.scalar(query) or 0)


def newest(conn: Connection) -> int:
    """The last row there is."""
    return int(conn.scalar(select(func.max(series.c.seq))) or 0)


def forward(conn: Connection, store: str, position: int) -> None:
    """``store`` has all rows up to ``position``; those that every store has are dropped."""
    conn.execute(cursors.update().where(cursors.c.name == PREFIX + store).values(position=position))
    slowest = select(func.min(cursors.c.position)).where(cursors.c.name.startswith(PREFIX))
    conn.execute(delete(series).where(series.c.seq <= slowest.scalar_subquery()))


def forget_removed(conn: Connection, stores: Iterable[str]) -> list[str]:
    """Drop the cursors and notes of stores that are not among ``stores``; their names."""
    known = {PREFIX + store for store in stores}
    names = conn.scalars(select(cursors.c.name).where(cursors.c.name.startswith(PREFIX)))
    removed = [name.removeprefix(PREFIX) for name in names if name not in known]
    for store in removed:
        conn.execute(delete(cursors).where(cursors.c.name == PREFIX + store))
        marks.forget(conn, store)
        log.warning("store removed from the configuration, its cursor is dropped", store=store)
    return removed


def bound_series(conn: Connection, limit: int = MAX_ROWS) -> int:
    """Drop the oldest rows beyond ``limit``; how many points they had. They are counted."""
    first, last = conn.execute(select(func.min(series.c.seq), func.max(series.c.seq))).one()
    if first is None or last - first < limit:
        return 0
    beyond = series.c.seq <= last - limit
    points = int(conn.scalar(select(func.sum(series.c.points)).where(beyond)) or 0)
    conn.execute(delete(series).where(beyond))
    counters.add(conn, "points_dropped", points)
    return points
