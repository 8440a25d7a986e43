"""An alert that is held back ends like any other, so it holds nothing back for ever."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import RowMapping, select

from hub_server.alerting.inputs import Tick
from hub_server.alerting.matcher import Matcher
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.silences import Kind, Wish, add_silence
from hub_server.alerting.spec import Pack
from hub_server.devices.revoke import revoke
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incidents
from hub_server.pipeline.flow import Pipeline
from linli_contract.payloads import Phase
from linli_settings import parse
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_parts

PACK = """
pack: held-ends
version: 2026-01-01
rules:
  - name: seen
    type: intrusion
    colour: orange
    when: {type: observation, event: intrusion}
    scope: zone
    group: {by: [type, zone]}
    at_once: true
    reason: {zh: "{zone}", en: "{zone}"}
    source: "a test"
  - name: stays
    type: loitering
    colour: orange
    when: {type: observation, event: intrusion}
    scope: zone
    group: {by: [type, zone]}
    at_once: true
    repeat: 60s
    reason: {zh: "{zone}", en: "{zone}"}
    source: "a test"
  - name: offline
    type: device_offline
    colour: yellow
    when: {type: no_data, of: heartbeat, after: 90s}
    scope: device
    group: {by: [type, device]}
    at_once: true
    reason: {zh: "{seconds}", en: "{seconds}"}
    source: "a test"
  - name: gas
    type: gas_leak
    colour: blue
    when: {type: threshold, metric: gas_lel, above: 10, clear: 8}
    scope: source
    group: {by: [type, source]}
    at_once: true
    inhibited_by: [{type: intrusion, same: community}]
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
"""
RULES = Rules(tuple(compile_pack(parse(PACK, Pack), "v1")))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = make_ledger(ledger_url, "pi-0001", "pi-0002", synced=False)
    yield ledger
    ledger.close()


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def pipeline(ledger: Ledger, clock: HubClock) -> Pipeline:
    return Pipeline(ledger, make_parts(rules=replace(RULES, broken={})), clock)


def of(ledger: Ledger, rule: str) -> list[RowMapping]:
    query = select(alerts).where(alerts.c.rule == rule).order_by(alerts.c.time)
    with ledger.read() as conn:
        return list(conn.execute(query).mappings())


def silence(ledger: Ledger, **match: object) -> None:
    wish = Wish(Kind.SILENCE, Matcher.model_validate(match), at(-60), at(600), "painting")
    with ledger.write() as conn:
        add_silence(conn, wish, "zhao", at(-60), b"0123456789")


def test_a_silenced_alert_of_an_observation_ends_with_it(ledger: Ledger) -> None:
    silence(ledger, device="pi-0001")
    hub, device = pipeline(ledger, HubClock()), Device()
    hub.run(decoded(device.observation(at(0), "o1")))
    hub.run(
        decoded(device.observation(at(30), "o1", phase=Phase.END, ended_at=at(30), cause="left"))
    )
    [alert] = of(ledger, "seen")
    assert (alert["held"], alert["ended_at"], alert["end_cause"]) == ("silenced", at(30), "left")


def test_what_it_held_back_fires_again_once_it_is_over(ledger: Ledger) -> None:
    silence(ledger, source="gate")
    hub, device = pipeline(ledger, HubClock()), Device()
    hub.run(decoded(device.observation(at(0), "o1")))
    hub.run(
        decoded(device.observation(at(30), "o1", phase=Phase.END, ended_at=at(30), cause="left"))
    )
    hub.run(decoded(device.reading(at(40), {"gas_lel": 50})))
    [gas] = of(ledger, "gas")
    assert gas["held"] == ""


def test_one_whose_observation_is_over_already_ends_at_once(ledger: Ledger) -> None:
    silence(ledger, device="pi-0001")
    hub, device = pipeline(ledger, HubClock()), Device()
    start = device.observation(at(0), "o1")
    end = device.observation(at(30), "o1", phase=Phase.END, ended_at=at(30), cause="left")
    hub.run(decoded(start, end))
    [alert] = of(ledger, "seen")
    assert (alert["held"], alert["ended_at"]) == ("silenced", at(30))


def test_a_repeat_does_not_open_the_alert_before_it_again(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    hub = pipeline(ledger, clock)
    hub.run(decoded(device.observation(at(0), "o1")))
    hub.tick(Tick(clock.forward(61), NOW - timedelta(hours=1)))
    first, again = of(ledger, "stays")
    assert (first["end_cause"], again["ended_at"]) == ("repeated", None)
    assert first["ended_at"] is not None
    hub.run(
        decoded(device.observation(at(90), "o1", phase=Phase.END, ended_at=at(90), cause="left"))
    )
    assert [row["end_cause"] for row in of(ledger, "stays")] == ["repeated", "left"]
    with ledger.read() as conn:
        ends = set(conn.scalars(select(incidents.c.ended_at)))
    assert ends == {at(90)}


def revoked(ledger: Ledger, device: str) -> None:
    with ledger.write() as conn:
        revoke(conn, device, "zhao", at(0))


def test_nobody_misses_a_device_that_was_revoked(ledger: Ledger) -> None:
    clock = HubClock()
    hub = pipeline(ledger, clock)
    hub.run(decoded(Device().health(at(0)), Device("pi-0002").health(at(0))))
    revoked(ledger, "pi-0001")
    for _ in range(10):
        hub.tick(Tick(clock.forward(60), NOW - timedelta(hours=1)))
    assert [row["device"] for row in of(ledger, "offline")] == ["pi-0002"]


def test_an_alert_of_a_revoked_device_holds_nothing_back(ledger: Ledger) -> None:
    hub = pipeline(ledger, HubClock())
    hub.run(decoded(Device().observation(at(0), "o1")))
    gas = Device("pi-0002")
    hub.run(decoded(gas.reading(at(10), {"gas_lel": 50}), gas.reading(at(11), {"gas_lel": 1})))
    revoked(ledger, "pi-0001")
    hub.run(decoded(gas.reading(at(20), {"gas_lel": 50})))
    assert [row["held"] for row in of(ledger, "gas")] == ["inhibited", ""]
