"""The pipeline on a real ledger, in virtual time: what becomes of a message."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from hub_server.ledger.engine import Ledger
from hub_server.ledger.lease import Lease, LeaseHeldError
from hub_server.ledger.tables import (
    alerts,
    inbox,
    incident_pictures,
    incidents,
    outbound,
    series,
    sources,
    steps,
)
from hub_server.pipeline import flow
from linli_contract.payloads import Phase, Picture
from tests.support.hub import (
    NOW,
    Device,
    HubClock,
    decoded,
    figures,
    make_parts,
    make_pipeline,
    rows,
)


def test_an_observation_becomes_an_incident_with_its_first_step(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    picture = Picture("a" * 64, "near", 640, 480, 1000)
    message = device.observation(NOW, pictures=(picture,))
    receipts, changed = make_pipeline(ledger, clock).run(decoded(message))

    assert changed
    assert receipts.kept == {"pi-0001": {"e1": {1}}}
    [incident] = rows(ledger, incidents)
    assert incident["state"] == "pending_verify"
    assert incident["number"] == "330899-20261122-0001"
    assert incident["occurred_at"] == NOW
    assert incident["due_at"] == NOW + timedelta(hours=1)
    assert (incident["lat"], incident["lon"]) == (29.117, 119.164)
    assert incident["reason"]["zh"] == "东门：courtyard 有人闯入，已停留 5 秒"
    assert incident["reason"]["en"] == "East gate: someone has been in courtyard for 5 s"
    [step] = rows(ledger, steps)
    assert (step["from_state"], step["to_state"]) == ("reported", "pending_verify")
    assert step["actor"] == "linli"
    assert [row["sha256"] for row in rows(ledger, incident_pictures)] == ["a" * 64]
    assert {row["target"] for row in rows(ledger, outbound)} == {"county", "console"}
    assert [row["incident"] for row in rows(ledger, alerts)] == [incident["id"]]
    names = {row["line"].split(",")[0] for row in rows(ledger, series)}
    assert names >= {"observation", "alert"}
    [kept] = rows(ledger, inbox)
    assert kept["payload"] == message.payload


def test_a_zone_has_a_name_in_each_language(ledger: Ledger) -> None:
    names = {"courtyard": {"zh": "院内", "en": "the courtyard"}}
    with ledger.write() as conn:
        conn.execute(update(sources).values(zones=names))
    make_pipeline(ledger, HubClock()).run(decoded(Device().observation(NOW)))
    [incident] = rows(ledger, incidents)
    assert incident["reason"]["zh"] == "东门：院内 有人闯入，已停留 5 秒"
    assert incident["reason"]["en"] == "East gate: someone has been in the courtyard for 5 s"
    assert incident["zone"] == "courtyard"


def test_a_repetition_is_acknowledged_and_changes_nothing(ledger: Ledger) -> None:
    pipeline, message = make_pipeline(ledger, HubClock()), Device().observation(NOW)
    pipeline.run(decoded(message, message))
    receipts, changed = pipeline.run(decoded(message))
    assert receipts.kept == {"pi-0001": {"e1": {1}}}
    assert not changed
    assert (
        len(rows(ledger, inbox)) == len(rows(ledger, incidents)) == len(rows(ledger, alerts)) == 1
    )
    told = figures(ledger)
    assert (told["received"], told["stored"], told["duplicates"]) == (3, 1, 2)


def test_a_second_observation_of_the_zone_joins(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(device.observation(NOW, "o1"), device.observation(NOW, "o2")))
    [incident] = rows(ledger, incidents)
    assert incident["alert_count"] == 2


def test_pictures_of_before_and_after_join_the_incident_of_their_observation(
    ledger: Ledger,
) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    near = Picture("a" * 64, "near", 640, 480, 1000)
    strip = tuple(Picture(f"{n}" * 64, "reference", 640, 480, 1000) for n in range(9))
    later = NOW + timedelta(seconds=10)
    pipeline.run(decoded(device.observation(NOW, pictures=(near,))))
    update = device.observation(later, phase=Phase.UPDATE, pictures=strip)
    _, changed = pipeline.run(decoded(update))
    assert changed
    known = [row["sha256"][0] for row in rows(ledger, incident_pictures)]
    assert sorted(known) == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "a"]
    [incident] = rows(ledger, incidents)
    assert (incident["alert_count"], incident["ended_at"]) == (1, None)
    more = tuple(Picture(f"{n}" * 64, "reference", 640, 480, 1000) for n in "bcdef")
    pipeline.run(decoded(device.observation(later, phase=Phase.UPDATE, pictures=more)))
    assert len(rows(ledger, incident_pictures)) == 10


def test_a_test_event_is_kept_and_opens_nothing(ledger: Ledger) -> None:
    make_pipeline(ledger, HubClock()).run(decoded(Device().observation(NOW, test=True)))
    assert len(rows(ledger, inbox)) == 1
    assert rows(ledger, incidents) == []


def test_gas_rising_to_red_is_one_incident_whose_colour_rises(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(device.reading(NOW, {"gas_lel": 12})))
    assert rows(ledger, incidents)[0]["colour"] == "orange"
    pipeline.run(decoded(device.reading(NOW + timedelta(seconds=10), {"gas_lel": 30})))
    [incident] = rows(ledger, incidents)
    assert (incident["colour"], incident["alert_count"]) == ("red", 2)
    assert [row["action"] for row in rows(ledger, steps)] == ["report", "escalate"]
    county = [row for row in rows(ledger, outbound) if row["target"] == "county"]
    assert len(county) == 2


def test_alert_state_outlives_the_process(ledger: Ledger) -> None:
    device = Device()
    make_pipeline(ledger, HubClock()).run(decoded(device.reading(NOW, {"gas_lel": 12})))
    again = make_pipeline(ledger, HubClock())
    again.run(decoded(device.reading(NOW + timedelta(seconds=10), {"gas_lel": 13})))
    assert len(rows(ledger, alerts)) == 1


def test_who_lost_the_lease_keeps_nothing(ledger: Ledger) -> None:
    clock = HubClock()
    mine, other = Lease(ledger, "ingest", "a/1/x"), Lease(ledger, "ingest", "b/2/y")
    mine.take(clock.now)
    pipeline = flow.Pipeline(ledger, make_parts(), clock, mine)
    other.take(clock.forward(60))
    with pytest.raises(LeaseHeldError):
        pipeline.run(decoded(Device().observation(clock.now)))
    assert rows(ledger, inbox) == rows(ledger, incidents) == []
