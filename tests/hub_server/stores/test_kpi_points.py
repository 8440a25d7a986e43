"""The kpi points: counts of each grid that add up, in virtual time on a real ledger."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from hub_server.ledger.tables import devices, incidents, series
from hub_server.stores.kpi import FIELDS, add_kpi_points, read_kpi
from hub_server.stores.line_protocol import decode
from linli_dashboards.schema import MEASUREMENTS
from tests.hub_server.world import GRID, OTHER_GRID, World, make_world

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Twelve o'clock in China."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path)
    made.clock.now = NOON
    yield made
    made.ledger.close()


def case(world: World, name: str, grid: str = GRID, **values: object) -> None:
    values = {"state": "pending_verify", **values}
    world.open_incident(name, grid=grid, kind=f"kind-{name}")
    with world.ledger.write() as conn:
        conn.execute(update(incidents).where(incidents.c.id == name).values(**values))


def figures(world: World, grid: str = GRID) -> dict[str, float]:
    with world.ledger.read() as conn:
        return read_kpi(conn, world.clock())[grid]


def test_the_fields_are_those_the_dashboards_ask_for() -> None:
    assert set(FIELDS) == MEASUREMENTS["kpi"]


def test_a_day_begins_at_midnight_in_china(world: World) -> None:
    midnight = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    case(world, "last-second", opened_at=midnight - timedelta(seconds=1))
    case(world, "first-second", opened_at=midnight)
    assert figures(world)["reported_today"] == 1


def test_overdue_is_open_and_past_its_limit(world: World) -> None:
    past, future = NOON - timedelta(seconds=1), NOON + timedelta(seconds=1)
    case(world, "overdue", due_at=past, state="handling")
    case(world, "in-time", due_at=future, state="handling")
    case(world, "without-limit", due_at=None)
    case(world, "closed", due_at=past, state="closed", closed_at=NOON)
    case(world, "void", due_at=past, state="not_accepted")
    assert figures(world)["overdue"] == 1
    assert figures(world)["handling"] == 2


def test_closed_on_time_is_within_the_limit_and_thirty_days(world: World) -> None:
    closed = {"state": "closed", "closed_at": NOON - timedelta(days=1)}
    case(world, "exactly", due_at=closed["closed_at"], **closed)
    case(world, "late", due_at=NOON - timedelta(days=2), **closed)
    case(world, "without-limit", due_at=None, **closed)
    case(world, "long-ago", state="closed", due_at=None, closed_at=NOON - timedelta(days=31))
    found = figures(world)
    assert (found["closed"], found["closed_on_time"]) == (3, 2)


def test_a_revoked_device_counts_no_more(world: World) -> None:
    with world.ledger.write() as conn:
        for name, values in {
            "a": {"state": "online"},
            "b": {"state": "offline"},
            "c": {"state": "online", "revoked_at": NOON},
        }.items():
            row = {"county": "330899", "profile": "p", "grid": OTHER_GRID, "token_hash": name}
            conn.execute(insert(devices).values(device=name, enrolled_at=NOON, **row, **values))
    found = figures(world, OTHER_GRID)
    assert (found["devices"], found["devices_online"]) == (2, 1)


def test_points_name_the_areas_and_a_minute_has_one_for_each_grid(world: World) -> None:
    case(world, "here", state="handling")
    case(world, "there", grid=OTHER_GRID)
    for _ in range(2):
        world.clock.tick(10)
        with world.ledger.write() as conn:
            conn.execute(series.delete())
            add_kpi_points(conn, world.clock())
    with world.ledger.read() as conn:
        points = [decode(line) for line in conn.scalars(select(series.c.line))]
    assert {point.tags["grid"] for point in points} == {GRID, OTHER_GRID}
    assert {point.measurement for point in points} == {"kpi"}
    assert {point.time_ns for point in points} == {int(NOON.timestamp()) * 10**9}
    [here] = [point for point in points if point.tags["grid"] == GRID]
    assert here.tags["county"] == "330899"
    assert here.fields["handling"] == 1.0
