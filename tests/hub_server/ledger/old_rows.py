"""Rows of a ledger as an older program left it, a table each: what an upgrade must keep."""

from datetime import datetime, timedelta
from typing import Any

from tests.support.hub import COUNTY, GRID, NOW, device_row, source_row

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


ROWS: dict[str, list[dict[str, Any]]] = {
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
    "audit": [{"at": OPEN_FOR, "actor": "zhao", "action": "enrol", "object": "x", "detail": {}}],
    "nonces": [{"nonce": "n", "at": OPEN_FOR}],
    "leases": [{"name": "ingest", "holder": "h", "until": OPEN_FOR}],
}
