"""How an observation goes on and ends, and what is missed when nothing comes."""

from datetime import timedelta

from hub_server.alerting.inputs import Tick
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    devices,
    incidents,
    observations,
)
from linli_contract.payloads import Phase
from tests.support.hub import (
    NOW,
    Device,
    HubClock,
    decoded,
    make_pipeline,
    rows,
)


def test_updates_and_the_end_open_nothing_and_the_end_is_noted(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    end = NOW + timedelta(seconds=30)
    pipeline.run(
        decoded(
            device.observation(NOW),
            device.observation(NOW + timedelta(seconds=10), phase=Phase.UPDATE),
            device.observation(end, phase=Phase.END, ended_at=end, cause="left"),
        )
    )
    [incident] = rows(ledger, incidents)
    assert (incident["alert_count"], incident["ended_at"]) == (1, end)


def test_an_observation_whose_start_was_lost_fires_with_its_next_message(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(device.observation(NOW, phase=Phase.UPDATE)))
    pipeline.run(decoded(device.observation(NOW, phase=Phase.START)))
    [incident] = rows(ledger, incidents)
    assert incident["alert_count"] == 1


def test_an_observation_nobody_renews_ends_unknown_after_180_s(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run(decoded(device.observation(NOW)))
    since = NOW - timedelta(hours=1)
    assert not pipeline.tick(Tick(clock.forward(179), since))
    assert rows(ledger, observations)[0]["ended_at"] is None
    assert pipeline.tick(Tick(clock.forward(1), since))
    [seen] = rows(ledger, observations)
    assert (seen["ended_at"], seen["cause"]) == (NOW, "unknown")
    assert rows(ledger, incidents)[0]["ended_at"] == NOW


def test_the_hubs_own_outage_ends_no_observation(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run(decoded(device.observation(NOW)))
    back = clock.forward(1000)
    assert not pipeline.tick(Tick(clock.forward(100), back))
    assert not pipeline.tick(Tick(clock.forward(1), None))
    assert rows(ledger, observations)[0]["ended_at"] is None


def test_what_was_ended_as_unknown_lives_on_when_it_is_renewed(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run(decoded(device.observation(NOW)))
    pipeline.tick(Tick(clock.forward(200), NOW - timedelta(hours=1)))
    pipeline.run(decoded(device.observation(clock.now, phase=Phase.UPDATE)))
    assert rows(ledger, observations)[0]["ended_at"] is None
    assert rows(ledger, incidents)[0]["ended_at"] is None


def test_a_silent_device_opens_one_incident(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run(decoded(device.health(NOW)))
    since = NOW - timedelta(hours=1)
    assert not pipeline.tick(Tick(clock.forward(89), since))
    assert pipeline.tick(Tick(clock.forward(1), since))
    assert not pipeline.tick(Tick(clock.forward(60), since))
    [incident] = rows(ledger, incidents)
    assert (incident["type"], incident["source"]) == ("device_offline", "pi-0001")
    assert rows(ledger, devices)[0]["health"]["cpu_percent"] == 12
