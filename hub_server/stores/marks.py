"""Notes in the ledger which windows' rollups are to be made: those that written points fall into.

While a window goes on, one note is of all its devices. Points that come after its end are noted
with their device, so that one device's backlog makes no work for the county; many such devices
are noted as all. So the notes are bounded by the raw retention: see :data:`MANY` and ``bound``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from hub_server.ledger import upsert
from hub_server.ledger.tables import rollup_windows
from hub_server.stores.levels import ROLLUPS, WINDOW_S
from hub_server.stores.store import Level

MANY = 50
"""So many late devices of one window are noted as all devices."""
MAX_ROWS = 50_000
"""More notes than that are joined: one for all devices of a window."""
AHEAD = timedelta(days=1)
"""What claims to be of later is a wrong clock: it is stored, but not rolled up."""
ALL = ""
Key = tuple[str, int, str]
"""Measurement, start of the window (s since 1970), device or ALL."""
_DEVICE = re.compile(r"[^ ]*?,device=([A-Za-z0-9_.-]+)[, ]")


def windows_of(texts: Iterable[str], now: datetime) -> set[Key]:
    """The windows of 10 minutes that the lines of rows fall into; those of one row share
    measurement, device and time."""
    late: dict[tuple[str, int], set[str]] = defaultdict(set)
    found: set[Key] = set()
    second, ahead = int(now.timestamp()), int((now + AHEAD).timestamp())
    for text in texts:
        measurement, time = text[: text.find(",")], seconds_of(text)
        if measurement not in ROLLUPS or time is None or time > ahead:
            continue
        start = time - time % WINDOW_S[Level.TEN_MINUTES]
        if start + WINDOW_S[Level.TEN_MINUTES] > second:
            found.add((measurement, start, ALL))
        else:
            late[measurement, start].add(_device(text))
    for (measurement, start), devices in late.items():
        named = {ALL} if len(devices) > MANY or ALL in devices else devices
        found |= {(measurement, start, device) for device in named}
    return found


def seconds_of(text: str) -> int | None:
    """The time of a row's lines, in whole seconds since 1970; None of what is no line."""
    try:
        if text[-20] == " ":  # of 2001 to 2286, where ns since 1970 have 19 digits
            return int(text[-19:-9])
        return int(text[text.rfind(" ") + 1 :]) // 1_000_000_000
    except (ValueError, IndexError):
        return None


def mark(conn: Connection, store: str, level: Level, windows: Iterable[Key]) -> None:
    """Note ``windows``; one that is noted already is noted again, so that nobody takes it for
    done who looked before."""
    rows = [
        {"store": store, "level": level.value, "measurement": m, "start": start, "device": device}
        for m, start, device in sorted(windows)
    ]
    if not rows:
        return
    again = upsert.insert(conn, rollup_windows).on_conflict_do_update(
        index_elements=[column.name for column in rollup_windows.primary_key],
        set_={"marks": rollup_windows.c.marks + 1},
    )
    conn.execute(again, rows)


def bound(conn: Connection, store: str, limit: int = MAX_ROWS) -> bool:
    """Join the notes of single devices when there are more than ``limit``; whether it was so."""
    here = rollup_windows.c.store == store
    count = conn.scalar(select(func.count()).select_from(rollup_windows).where(here)) or 0
    if count <= limit:
        return False
    c = rollup_windows.c
    query = select(c.level, c.measurement, c.start).where(here, c.device != ALL).distinct()
    rows = conn.execute(query).all()
    for level in (Level.TEN_MINUTES, Level.HOUR):
        windows = [(row.measurement, row.start, ALL) for row in rows if row.level == level.value]
        mark(conn, store, level, windows)
    conn.execute(delete(rollup_windows).where(here, c.device != ALL))
    return True


def forget(conn: Connection, store: str) -> None:
    """Drop every note of a store that is no more."""
    conn.execute(delete(rollup_windows).where(rollup_windows.c.store == store))


def _device(text: str) -> str:
    match = _DEVICE.match(text)
    return match[1] if match else ALL
