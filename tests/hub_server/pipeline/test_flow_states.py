"""What is no event: status, twin, replies, and what a device had to drop."""

import json

import pytest

from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    devices,
    tombstones,
)
from linli_contract.payloads import Tombstone
from tests.support.hub import (
    NOW,
    Device,
    HubClock,
    decoded,
    figures,
    make_pipeline,
    rows,
)


def status(state: str, connection: str) -> Received:
    payload = json.dumps({"state": state, "connection": connection}).encode()
    return Received("linli/v1/330899/pi-0001/status", payload, NOW)


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        ([("online", "2")], "online"),
        ([("online", "2"), ("offline", "2")], "offline"),
        ([("online", "2"), ("offline", "1")], "online"),
        ([("offline", "2"), ("online", "2")], "offline"),
        ([("offline", "2"), ("online", "3")], "online"),
    ],
)
def test_a_status_is_ordered_by_its_connection(
    ledger: Ledger, messages: list[tuple[str, str]], state: str
) -> None:
    make_pipeline(ledger, HubClock()).run(decoded(*(status(*one) for one in messages)))
    assert rows(ledger, devices)[0]["state"] == state


def test_reported_and_reply_are_kept(ledger: Ledger) -> None:
    base = "linli/v1/330899/pi-0001"
    twin = Received(f"{base}/twin/reported", b'{"version":3,"config":{}}', NOW)
    reply = Received(f"{base}/reply/c1", b'{"id":"c1","ok":true}', NOW)
    make_pipeline(ledger, HubClock()).run(decoded(twin, reply))
    assert rows(ledger, devices)[0]["reported"]["version"] == 3
    assert figures(ledger)["replies"] == 1


def test_a_tombstone_is_shown_and_counted(ledger: Ledger) -> None:
    stone = Tombstone("e0", "telemetry", 5, 9, 5, "size")
    message = Device().event(
        "linli.event.tombstone", "pi-0001", NOW, "tombstone", stone, "tombstone"
    )
    make_pipeline(ledger, HubClock()).run(decoded(message))
    [row] = rows(ledger, tombstones)
    assert (row["first"], row["last"], row["cause"]) == (5, 9, "size")
    assert figures(ledger)["dropped"] == 5
