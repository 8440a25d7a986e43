"""Figures that only grow, changed in the transaction of what they count.

Each lane of writes has rows of its own, or the lanes would wait for one another's commits.
"""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection, select

from hub_server.ledger.engine import in_turn, lane_of
from hub_server.ledger.tables import counters
from hub_server.ledger.upsert import put

_PRIVATE = "_"
_LANE = "@"
_CHANGE = "_change"


def add(conn: Connection, name: str, n: int = 1) -> int:
    """Add ``n`` to the counter ``name``; its new value (of this write's lane)."""
    return _add(conn, _own(conn, name), n)


def _add(conn: Connection, name: str, n: int) -> int:
    row = put(conn, counters, ("name",), more=("value",), back=("value",))
    return int(conn.execute(row, {"name": name, "value": n}).scalar_one())


def _own(conn: Connection, name: str) -> str:
    lane = lane_of(conn)
    return f"{name}{_LANE}{lane}" if lane else name


def add_all(conn: Connection, counts: Mapping[str, int]) -> None:
    """Add to several counters in one statement."""
    rows = [{"name": _own(conn, name), "value": n} for name, n in sorted(counts.items()) if n]
    if rows:
        conn.execute(put(conn, counters, ("name",), more=("value",)), rows)


def read_all(conn: Connection) -> dict[str, int]:
    """Every public counter: received, stored, duplicates, quarantined, dropped, …"""
    rows = conn.execute(select(counters.c.name, counters.c.value))
    total: Counter[str] = Counter()
    for name, value in rows:
        if not name.startswith(_PRIVATE):
            total[name.partition(_LANE)[0]] += value
    return dict(total)


def next_change(conn: Connection) -> int:
    """The next number of a change to any incident; grows over all of them."""
    in_turn(conn)  # the numbers are given out in the order of the commits: readers follow them
    return _add(conn, _CHANGE, 1)


def next_changes(conn: Connection, n: int) -> int:
    """The first of ``n`` such numbers in a row."""
    in_turn(conn)
    return _add(conn, _CHANGE, n) - n + 1


def next_numbers(conn: Connection, series: str, n: int) -> int:
    """The first of the next ``n`` numbers, from 1, of ``series`` (cases of a county and day)."""
    in_turn(conn)
    return _add(conn, f"_number:{series}", n) - n + 1
