"""A level that eased while it was held joins a case and opens none, if people were told of it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from hub_server.alerting.inputs import Tick
from hub_server.alerting.rules import Rules
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incidents
from hub_server.pipeline.flow import Pipeline
from tests.hub_server.held_kit import Row, at, pipeline, rule, rules_of, silence, two_devices
from tests.support.hub import Device, decoded, rows

LEVELS: Row = {
    "type": "levels",
    "metric": "co",
    "levels": [
        {"colour": "yellow", "above": 10, "clear": 8},
        {"colour": "orange", "above": 50, "clear": 40},
        {"colour": "red", "above": 90, "clear": 80},
    ],
}
RULES = rules_of(rule("co", "gas_leak", "source", LEVELS))
REPEATED = rules_of(rule("co", "gas_leak", "source", LEVELS, repeat="60s"))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    yield from two_devices(ledger_url)


def measured(hub: Pipeline, device: Device, *values: tuple[float, float]) -> None:
    """(second, ppm) after each other."""
    for second, value in values:
        hub.run(decoded(device.reading(at(second), {"co": value})))


def open_alert(ledger: Ledger) -> Row:
    [found] = [dict(row) for row in rows(ledger, alerts) if row["ended_at"] is None]
    return found


def close(ledger: Ledger) -> None:
    with ledger.write() as conn:
        conn.execute(update(incidents).values(state="closed", closed_at=at(15)))


@pytest.mark.parametrize("rules", [RULES, REPEATED], ids=["once", "repeated"])
def test_it_opens_no_case_after_the_one_that_people_closed(ledger: Ledger, rules: Rules) -> None:
    silence(ledger, 10, 200, device="pi-0001")
    hub, device = pipeline(ledger, rules), Device()
    measured(hub, device, (0, 100), (20, 60), (25, 20))
    hub.tick(Tick(at(90), at(-9)))
    close(ledger)
    for second in (200, 201, 202):
        hub.tick(Tick(at(second), at(-9)))
    assert [row["state"] for row in rows(ledger, incidents)] == ["closed"]
    left = open_alert(ledger)
    assert (left["colour"], left["held"], left["incident"]) == ("yellow", "", None)


def test_it_joins_the_case_that_is_open(ledger: Ledger) -> None:
    silence(ledger, 10, 60, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    measured(hub, device, (0, 100), (20, 60))
    hub.tick(Tick(at(60), at(-9)))
    [case] = rows(ledger, incidents)
    assert open_alert(ledger)["incident"] == case["id"]
    assert (case["alert_count"], case["colour"]) == (2, "red")


def test_what_nobody_was_told_of_opens_however_it_eased(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    measured(hub, device, (0, 100), (20, 60), (30, 20))
    hub.tick(Tick(at(60), at(-9)))
    [case] = rows(ledger, incidents)
    assert (case["colour"], open_alert(ledger)["incident"]) == ("yellow", case["id"])


def test_one_that_rose_opens(ledger: Ledger) -> None:
    silence(ledger, 10, 60, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    measured(hub, device, (0, 60), (20, 100))
    close(ledger)
    hub.tick(Tick(at(60), at(-9)))
    assert open_alert(ledger)["incident"] is not None
    assert "pending_verify" in {row["state"] for row in rows(ledger, incidents)}
