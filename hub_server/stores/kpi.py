"""The figures of the command centre, once a minute: one ``kpi`` point for each grid.

Counts only: they add up to any area, and whoever shows a rate divides the sums
(docs/decisions/0009-kpi-counts-per-grid.md).
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from hub_server.incidents.life import FINAL, State
from hub_server.ledger.tables import devices, incidents
from hub_server.stores.line_protocol import Point
from hub_server.stores.points import tags, time_ns
from hub_server.stores.rows import place_of
from hub_server.stores.waiting import queue

CHINA = timezone(timedelta(hours=8))
"""The whole country keeps one time without summer time: a day begins at its midnight."""
CLOSED_WITHIN = timedelta(days=30)
"""Over which cases the on-time closure rate (按期结案率) is taken."""
FIELDS = (
    "reported_today",
    "handling",
    "overdue",
    "closed",
    "closed_on_time",
    "devices",
    "devices_online",
)


def add_kpi_points(conn: Connection, now: datetime) -> None:
    """Queue the points of this minute; a second call within it overwrites the first."""
    minute = now.replace(second=0, microsecond=0)
    figures = read_kpi(conn, now).items()
    queue(conn, [_point(conn, grid, counts, minute) for grid, counts in figures])


def read_kpi(conn: Connection, now: datetime) -> dict[str, dict[str, float]]:
    """Grid → the counts of :data:`FIELDS`, for every grid that has an incident or a device."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(FIELDS, 0.0))
    for row in [*_incident_counts(conn, now), *_device_counts(conn)]:
        grid, *counts = row
        found[grid].update({name: float(count) for name, count in counts})
    return dict(found)


Row = tuple[str, *tuple[tuple[str, int], ...]]
"""A grid, and its counts by name."""


def _incident_counts(conn: Connection, now: datetime) -> Iterable[Row]:
    c = incidents.c
    midnight = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    closed = and_(c.state == State.CLOSED.value, c.closed_at >= now - CLOSED_WITHIN)
    open_ = c.state.not_in([state.value for state in FINAL])
    conditions: dict[str, ColumnElement[bool]] = {
        "reported_today": c.opened_at >= midnight,
        "handling": c.state == State.HANDLING.value,
        "overdue": and_(open_, c.due_at < now),
        "closed": closed,
        "closed_on_time": and_(closed, or_(c.due_at.is_(None), c.closed_at <= c.due_at)),
    }
    return _counted(conn, c.grid, conditions, None)


def _device_counts(conn: Connection) -> Iterable[Row]:
    c = devices.c
    conditions: dict[str, ColumnElement[bool]] = {
        "devices": c.device.is_not(None),
        "devices_online": c.state == "online",
    }
    return _counted(conn, c.grid, conditions, c.revoked_at.is_(None))


def _counted(
    conn: Connection,
    grid: ColumnElement[str],
    conditions: dict[str, ColumnElement[bool]],
    only: ColumnElement[bool] | None,
) -> Iterable[Row]:
    counts = [func.count().filter(condition) for condition in conditions.values()]
    query = select(grid, *counts).group_by(grid)
    for row in conn.execute(query if only is None else query.where(only)):
        yield (row[0], *zip(conditions, row[1:], strict=True))


def _point(conn: Connection, grid: str, counts: dict[str, float], minute: datetime) -> Point:
    named = tags(place_of(conn, grid), "", "", "")
    return Point("kpi", named, counts, time_ns(minute, 0))
