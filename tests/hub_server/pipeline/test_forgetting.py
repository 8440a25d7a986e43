"""The pipeline forgets devices and sources that are gone, a piece a tick, and nobody else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import delete, select, update

from hub_server.alerting.inputs import Tick
from hub_server.ingest.types import Received
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alert_state, alerts, devices, incidents, sources
from hub_server.pipeline import forgetting
from hub_server.pipeline.flow import Pipeline
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_pipeline

DAY = 86400.0


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = make_ledger(ledger_url, "pi-0001", "pi-0002", synced=False)
    yield ledger
    ledger.close()


class County:
    """Two devices that said how they are and measured gas at NOW; ``pass_time`` ticks."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.clock = ledger, HubClock()
        self.devices = [Device("pi-0001"), Device("pi-0002")]
        self.pipeline: Pipeline = make_pipeline(ledger, self.clock)
        self.speak(*self.devices)

    def speak(self, *spoke: Device, gas: float = 80.0) -> None:
        now = self.clock.now
        received = [one for device in spoke for one in messages(device, now, gas)]
        self.pipeline.run(decoded(*received))

    def pass_time(self, seconds: float, ticks: int = 3) -> None:
        self.clock.forward(seconds - ticks)
        for _ in range(ticks):
            now = self.clock.forward(1)
            self.pipeline.tick(Tick(now, NOW))

    def states(self) -> set[tuple[str, str]]:
        with self.ledger.read() as conn:
            return {(rule, key) for rule, key in conn.execute(_STATES)}

    def ended(self) -> dict[tuple[str, str], str]:
        """(device, rule) of alerts → why they ended, empty for those that are open."""
        with self.ledger.read() as conn:
            found = conn.execute(select(alerts.c.device, alerts.c.rule, alerts.c.end_cause))
            return {(device, rule): cause for device, rule, cause in found}

    def revoke(self, device: str) -> None:
        with self.ledger.write() as conn:
            here = update(devices).where(devices.c.device == device)
            conn.execute(here.values(revoked_at=self.clock.now))


_STATES = select(alert_state.c.rule, alert_state.c.key)


def messages(device: Device, now: datetime, gas: float) -> list[Received]:
    return [device.health(now), device.reading(now, {"gas_lel": gas})]


@pytest.fixture
def county(ledger: Ledger) -> County:
    return County(ledger)


def of(states: set[tuple[str, str]], device: str) -> set[tuple[str, str]]:
    return {(rule, key) for rule, key in states if key.partition("/")[0] == device}


def test_an_enrolled_device_is_missed_however_long_it_is_silent(county: County) -> None:
    county.pass_time(120)
    assert county.ended()["pi-0001", "device-offline"] == ""
    county.pass_time(500 * DAY)
    assert ("device-offline", "pi-0001") in county.states()
    assert county.ended()["pi-0001", "device-offline"] == ""
    county.speak(county.devices[0])
    assert county.ended()["pi-0001", "device-offline"] == "cleared"
    county.pass_time(120)
    with county.ledger.read() as conn:
        query = select(alerts.c.id).where(
            alerts.c.rule == "device-offline", alerts.c.device == "pi-0001"
        )
        assert len(conn.scalars(query).all()) == 2, "missed again"


def test_a_revoked_device_is_forgotten_after_a_day(county: County) -> None:
    county.revoke("pi-0002")
    county.pass_time(0.9 * DAY)
    before = county.states()
    assert of(before, "pi-0002") == {(r, k.replace("1/", "2/")) for r, k in of(before, "pi-0002")}
    assert of(before, "pi-0002")
    county.pass_time(0.2 * DAY)
    assert not of(county.states(), "pi-0002")
    assert of(county.states(), "pi-0001")
    told = county.ended()
    gas = {rule: cause for (device, rule), cause in told.items() if device == "pi-0002"}
    assert "gone" in gas.values()
    assert "" not in gas.values()
    with county.ledger.read() as conn:
        assert counters.read_all(conn)["states_forgotten"] >= 2
        states = conn.scalars(select(incidents.c.state).where(incidents.c.device == "pi-0002"))
        assert set(states.all()) == {"pending_verify"}, "the case is for people to close"


def test_a_device_that_is_no_longer_in_the_registry_is_forgotten(county: County) -> None:
    with county.ledger.write() as conn:
        conn.execute(delete(sources).where(sources.c.device == "pi-0002"))
        conn.execute(delete(devices).where(devices.c.device == "pi-0002"))
    county.pass_time(10)
    assert not of(county.states(), "pi-0002")
    assert of(county.states(), "pi-0001")


def test_clocks_go_with_the_last_message_that_could_be_older(county: County) -> None:
    county.pass_time(7.9 * DAY)
    assert ("@clock", "pi-0001/pi-0001") in county.states()
    county.pass_time(0.2 * DAY)
    assert ("@clock", "pi-0001/pi-0001") not in county.states()
    assert county.ended()["pi-0001", "gas-leak"] == ""


def test_a_round_is_done_in_pieces(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "PIECE", 1)
    county.pass_time(2 * 3600, ticks=1)
    with county.ledger.write() as conn:
        conn.execute(update(devices).values(revoked_at=NOW - timedelta(days=2)))
    left = [len(county.states())]
    county.pass_time(3600, ticks=1)
    left.append(len(county.states()))
    for _ in range(left[0]):
        county.pass_time(1, ticks=1)
        left.append(len(county.states()))
    assert left[-1] == 0
    assert all(before - after <= 1 for before, after in pairwise(left))
