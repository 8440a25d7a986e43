"""Figures that only grow, changed in the transaction of what they count."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from hub_server.ledger.tables import counters
from hub_server.ledger.upsert import insert

_PRIVATE = "_"
_CHANGE = "_change"


def add(conn: Connection, name: str, n: int = 1) -> int:
    """Add ``n`` to the counter ``name``; its new value."""
    row = insert(conn, counters).values(name=name, value=n)
    row = row.on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + n})
    return int(conn.execute(row.returning(counters.c.value)).scalar_one())


def add_all(conn: Connection, counts: Mapping[str, int]) -> None:
    """Add to several counters in one statement."""
    rows = [{"name": name, "value": n} for name, n in sorted(counts.items()) if n]
    if not rows:
        return
    row = insert(conn, counters)
    more = counters.c.value + row.excluded.value
    conn.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": more}), rows)


def read_all(conn: Connection) -> dict[str, int]:
    """Every public counter: received, stored, duplicates, quarantined, dropped, …"""
    rows = conn.execute(select(counters.c.name, counters.c.value))
    return {name: value for name, value in rows if not name.startswith(_PRIVATE)}


def next_change(conn: Connection) -> int:
    """The next number of a change to any incident; grows over all of them."""
    return add(conn, _CHANGE)


def next_number(conn: Connection, series: str) -> int:
    """The next number, from 1, within ``series`` (case numbers of one county and day)."""
    return add(conn, f"_number:{series}")
