"""A ledger that an older program filled: nothing of it is lost, and the hub goes on with it."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, MetaData, insert, select

from hub_server.alerting.inputs import Tick
from hub_server.devices.areas import load_areas, store_areas
from hub_server.ledger import tables
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import alert_state, alerts, incidents
from hub_server.pipeline.flow import Pipeline
from hub_server.rule_sets.reading import read_set
from hub_server.rule_sets.switching import Author, Switch
from tests.hub_server.ledger.old_rows import OPEN_FOR, ROWS
from tests.support.hub import (
    NOW,
    RULES,
    Device,
    HubClock,
    decoded,
    make_parts,
)

OLD = "0002"


def fill(conn: Connection) -> dict[str, int]:
    """A row or more in each table of the old version; how many."""
    old = MetaData()
    old.reflect(conn)
    for name, some in ROWS.items():
        # reflected types know no JSON on SQLite and no aware times there; today's tables do
        today = tables.metadata.tables[name]
        there = set(old.tables[name].c.keys())
        for row in some:
            assert set(row) <= there, (name, set(row) - there)
            conn.execute(insert(today).values(**row))
    missing = set(old.tables) - set(ROWS) - {"alembic_version", "areas"}
    assert not missing, missing
    return {name: len(some) for name, some in ROWS.items()}


@pytest.fixture
def upgraded(bare_url: str) -> Iterator[tuple[Ledger, dict[str, int]]]:
    ledger = open_ledger(bare_url)
    ledger.migrate(OLD)
    with ledger.write() as conn:
        store_areas(conn, load_areas(RULES / "areas.yaml"))
        counted = fill(conn)
    ledger.migrate()
    yield ledger, counted
    ledger.close()


def test_every_row_is_there_and_can_be_read(upgraded: tuple[Ledger, dict[str, int]]) -> None:
    ledger, counted = upgraded
    with ledger.read() as conn:
        found = {
            name: len(conn.execute(select(tables.metadata.tables[name])).all()) for name in counted
        }
        [alert] = conn.execute(select(alerts)).mappings()
    assert found == counted
    # nobody can say any more when it ended, so it is over, and holds nothing back
    assert (alert["ended_at"], alert["end_cause"]) == (OPEN_FOR, "unknown")
    assert (alert["labels"], alert["held"]) == ({}, "")


def test_the_hub_goes_on_with_what_rules_remembered(
    upgraded: tuple[Ledger, dict[str, int]],
) -> None:
    ledger, _ = upgraded
    clock, found = HubClock(), read_set(RULES)
    parts = make_parts(rules=found.rules)
    hub = Pipeline(ledger, parts, clock)
    hub.plan(parts, Switch(found, Author("start"), clock).apply)
    device = Device(epoch="e2")
    hub.run(decoded(device.reading(NOW, {"gas_lel": 0.0})))
    for _ in range(8):
        hub.tick(Tick(clock.forward(60), NOW - timedelta(hours=1)))
    with ledger.read() as conn:
        fired = set(conn.scalars(select(alerts.c.type).where(alerts.c.fired_at > NOW)))
        states = conn.execute(select(alert_state.c.rule, alert_state.c.state)).all()
        cases = conn.execute(select(incidents.c.id, incidents.c.state)).all()
    assert "device_offline" in fired
    known = {rule.spec.name for rule in found.rules.rules} | {"@clock"}
    assert {rule for rule, _ in states} <= known
    assert ("i1", "pending_verify") in [tuple(row) for row in cases]
    assert json.dumps([state for _, state in states])
