"""A ledger that an older program filled: nothing of it is lost, and the hub goes on with it."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

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
from tests.support.hub import (
    COUNTY,
    GRID,
    NOW,
    RULES,
    Device,
    HubClock,
    decoded,
    device_row,
    make_parts,
    source_row,
)

OLD = "0002"
WHERE = {"device": "pi-0001", "source": "gas-1", "zone": "", "grid": GRID}
NAMES = {"zh": "东门", "en": "East gate"}
SITE = {"county": COUNTY, "device": "pi-0001", "source": "gas-1", "grid": GRID, "lat": 29.1}
SITE |= {"lon": 119.1, **NAMES}
REASON = {**NAMES, "values": {"value": 12.0}}
OPEN_FOR = NOW - timedelta(minutes=5)


def stamp(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


STATES: dict[tuple[str, str], dict[str, Any]] = {
    ("gas-leak", "pi-0001/gas-1"): {
        "inner": {
            "type": "threshold",
            "site": SITE,
            "since": stamp(OPEN_FOR),
            "arrived": stamp(OPEN_FOR),
            "samples": 3,
            "value": 60.0,
            "unit": "%",
            "event_id": "e",
            "fired": True,
        }
    },
    ("device-offline", "pi-0001"): {
        "inner": {"type": "no_data", "site": {**SITE, "source": "pi-0001"}, "seen": stamp(NOW)},
        "due": stamp(NOW + timedelta(seconds=90)),
    },
    ("a-rule-of-before", "pi-0001/gas-1"): {
        "inner": {"type": "count", "times": [stamp(OPEN_FOR)], "fired": True},
        "waiting": [
            {
                "type": "measurement",
                "site": SITE,
                "time": stamp(OPEN_FOR),
                "received_at": stamp(OPEN_FOR),
                "event_id": "e2",
                "metric": "noise",
                "value": 1.0,
                "unit": "dB",
            }
        ],
        "due": stamp(NOW),
    },
    ("@clock", "pi-0001/gas-1"): {"clock": stamp(NOW)},
}


def fill(conn: Connection) -> dict[str, int]:
    """A row or more in each table of the old version; how many."""
    old = MetaData()
    old.reflect(conn)
    rows: dict[str, list[dict[str, Any]]] = {
        "devices": [{**device_row("pi-0001"), "reported": {"version": 3, "config": {}}}],
        "sources": [source_row("pi-0001", "gate"), source_row("pi-0001", "gas-1")],
        "users": [
            {
                "name": "zhao",
                "role": "admin",
                "area": COUNTY,
                **NAMES,
                "phone": "",
                "password_hash": "x",
                "disabled": False,
            }
        ],
        "inbox": [
            {
                "device": "pi-0001",
                "id": "m1",
                "type": "t",
                "subject": "gate",
                "time": OPEN_FOR,
                "received_at": OPEN_FOR,
                "epoch": "e1",
                "sequence": 1,
                "late": False,
                "payload": b"{}",
            }
        ],
        "quarantine": [
            {
                "received_at": OPEN_FOR,
                "topic": "t",
                "device": "",
                "reason": "json",
                "detail": "d",
                "payload": b"x",
            }
        ],
        "tombstones": [
            {
                "device": "pi-0001",
                "epoch": "e1",
                "lane": "events",
                "first": 1,
                "last": 2,
                "count": 2,
                "cause": "full",
                "received_at": OPEN_FOR,
            }
        ],
        "observations": [
            {
                "id": "o-old",
                "device": "pi-0001",
                "source": "gate",
                "type": "intrusion",
                "zone": "yard",
                "started_at": OPEN_FOR,
                "renewed_at": OPEN_FOR,
                "ended_at": None,
                "cause": "",
                "incident": "i1",
            }
        ],
        "counters": [{"name": "received", "value": 7}],
        "alert_state": [
            {"rule": rule, "key": key, "state": state} for (rule, key), state in STATES.items()
        ],
        "alerts": [
            {
                "id": "a1",
                "rule": "gas-leak",
                "rules_version": "v/1",
                "type": "gas_leak",
                "colour": "red",
                **WHERE,
                "time": OPEN_FOR,
                "fired_at": OPEN_FOR,
                "late": False,
                "reason": REASON,
                "event_id": "e",
                "incident": "i1",
            }
        ],
        "incidents": [
            {
                "id": "i1",
                "number": f"{COUNTY}-20261121-0001",
                "type": "gas_leak",
                "code": "0101",
                "group_key": "gas_leak|pi-0001/gas-1",
                "state": "pending_verify",
                "colour": "red",
                "severity": "high",
                **WHERE,
                "lat": 29.1,
                "lon": 119.1,
                "reason": REASON,
                "occurred_at": OPEN_FOR,
                "opened_at": OPEN_FOR,
                "updated_at": OPEN_FOR,
                "rework_count": 0,
                "alert_count": 1,
                "late": False,
                "change": 1,
            }
        ],
        "steps": [
            {
                "incident": "i1",
                "action": "report",
                "from_state": "reported",
                "to_state": "pending_verify",
                "actor": "linli",
                "at": OPEN_FOR,
                "note": "",
                "detail": {},
            }
        ],
        "pictures": [
            {
                "sha256": "ab",
                "size": 3,
                "device": "pi-0001",
                "uploader": "",
                "received_at": OPEN_FOR,
            }
        ],
        "incident_pictures": [{"incident": "i1", "sha256": "ab", "kind": "near", "step": 1}],
        "outbound": [
            {
                "target": "county",
                "incident": "i1",
                "key": "k",
                "payload": {"a": 1},
                "created_at": OPEN_FOR,
                "next_at": OPEN_FOR,
            }
        ],
        "series": [{"line": "kpi a=1 1"}],
        "cursors": [{"name": "series/sqlite", "position": 0}],
        "audit": [
            {"at": OPEN_FOR, "actor": "zhao", "action": "enrol", "object": "x", "detail": {}}
        ],
        "nonces": [{"nonce": "n", "at": OPEN_FOR}],
        "leases": [{"name": "ingest", "holder": "h", "until": OPEN_FOR}],
    }
    for name, some in rows.items():
        # reflected types know no JSON on SQLite and no aware times there; today's tables do
        today = tables.metadata.tables[name]
        there = set(old.tables[name].c.keys())
        for row in some:
            assert set(row) <= there, (name, set(row) - there)
            conn.execute(insert(today).values(**row))
    missing = set(old.tables) - set(rows) - {"alembic_version", "areas"}
    assert not missing, missing
    return {name: len(some) for name, some in rows.items()}


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
