"""An alert that is held back ends like any other, so it holds nothing back for ever."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import RowMapping, select

from hub_server.alerting.inputs import Tick
from hub_server.devices.revoke import revoke
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incidents
from tests.hub_server.held_kit import (
    OFFLINE,
    SEEN,
    SEEN_WHEN,
    at,
    gas,
    left,
    pipeline,
    rule,
    rules_of,
    silence,
    two_devices,
)
from tests.support.hub import NOW, Device, HubClock, decoded

STAYS = rule("stays", "loitering", "zone", SEEN_WHEN, colour="orange", repeat="60s")
GAS = gas("gas", {"type": "intrusion", "same": "community"})
RULES = rules_of(SEEN, STAYS, OFFLINE, GAS)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    yield from two_devices(ledger_url)


def of(ledger: Ledger, rule: str) -> list[RowMapping]:
    query = select(alerts).where(alerts.c.rule == rule).order_by(alerts.c.time)
    with ledger.read() as conn:
        return list(conn.execute(query).mappings())


def test_a_silenced_alert_of_an_observation_ends_with_it(ledger: Ledger) -> None:
    silence(ledger, -60, 600, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.observation(at(0), "o1")))
    hub.run(decoded(left(device, 30)))
    [alert] = of(ledger, "seen")
    assert (alert["held"], alert["ended_at"], alert["end_cause"]) == ("silenced", at(30), "left")


def test_what_it_held_back_fires_again_once_it_is_over(ledger: Ledger) -> None:
    silence(ledger, -60, 600, source="gate")
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.observation(at(0), "o1")))
    hub.run(decoded(left(device, 30)))
    hub.run(decoded(device.reading(at(40), {"gas_lel": 50})))
    [gas] = of(ledger, "gas")
    assert gas["held"] == ""


def test_one_whose_observation_is_over_already_ends_at_once(ledger: Ledger) -> None:
    silence(ledger, -60, 600, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    start = device.observation(at(0), "o1")
    end = left(device, 30)
    hub.run(decoded(start, end))
    [alert] = of(ledger, "seen")
    assert (alert["held"], alert["ended_at"]) == ("silenced", at(30))


def test_a_repeat_does_not_open_the_alert_before_it_again(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    hub = pipeline(ledger, RULES, clock=clock)
    hub.run(decoded(device.observation(at(0), "o1")))
    hub.tick(Tick(clock.forward(61), NOW - timedelta(hours=1)))
    first, again = of(ledger, "stays")
    assert (first["end_cause"], again["ended_at"]) == ("repeated", None)
    assert first["ended_at"] is not None
    hub.run(decoded(left(device, 90)))
    assert [row["end_cause"] for row in of(ledger, "stays")] == ["repeated", "left"]
    with ledger.read() as conn:
        ends = set(conn.scalars(select(incidents.c.ended_at)))
    assert ends == {at(90)}


def revoked(ledger: Ledger, device: str) -> None:
    with ledger.write() as conn:
        revoke(conn, device, "zhao", at(0))


def test_nobody_misses_a_device_that_was_revoked(ledger: Ledger) -> None:
    clock = HubClock()
    hub = pipeline(ledger, RULES, clock=clock)
    hub.run(decoded(Device().health(at(0)), Device("pi-0002").health(at(0))))
    revoked(ledger, "pi-0001")
    for _ in range(10):
        hub.tick(Tick(clock.forward(60), NOW - timedelta(hours=1)))
    assert [row["device"] for row in of(ledger, "offline")] == ["pi-0002"]


def test_an_alert_of_a_revoked_device_holds_nothing_back(ledger: Ledger) -> None:
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().observation(at(0), "o1")))
    gas = Device("pi-0002")
    hub.run(decoded(gas.reading(at(10), {"gas_lel": 50}), gas.reading(at(11), {"gas_lel": 1})))
    revoked(ledger, "pi-0001")
    hub.run(decoded(gas.reading(at(20), {"gas_lel": 50})))
    assert [row["held"] for row in of(ledger, "gas")] == ["inhibited", ""]
