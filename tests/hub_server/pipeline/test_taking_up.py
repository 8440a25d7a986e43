"""An alert that was held back opens once nothing holds it any more, if it still goes on."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import text, update

from hub_server.alerting.inputs import Tick
from hub_server.alerting.silences import Kind, end_silence
from hub_server.devices.revoke import revoke
from hub_server.incidents.incident_types import IncidentType
from hub_server.ledger.counters import read_all
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incident_pictures, incidents, observations, steps
from hub_server.pipeline import taking_up
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.taking import Standing
from linli_contract.payloads import Picture
from tests.hub_server.held_kit import (
    SEEN,
    at,
    carbon_monoxide,
    gas,
    left,
    pipeline,
    rules_of,
    silence,
    two_devices,
)
from tests.support.hub import GRID, Device, decoded, rows

GAS = gas("gas", {"type": "gas_leak", "colours": ["red"], "same": "source"})
CO = carbon_monoxide(
    "co", group={"by": ["type", "device"]}, inhibited_by=[{"rule": "gas", "same": "source"}]
)
RULES = rules_of(GAS, CO, SEEN)
HERE = GRID[:12]
PICTURE = Picture("a" * 64, "near", 1000, 640, 360)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    yield from two_devices(ledger_url)


def tick(hub: Pipeline, seconds: float) -> bool:
    return hub.tick(Tick(at(seconds), None))


@pytest.mark.parametrize("kind", list(Kind))
def test_it_opens_when_the_time_of_its_silence_is_over(ledger: Ledger, kind: Kind) -> None:
    name = silence(ledger, -1, 60, kind, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    assert not tick(hub, 59)
    assert rows(ledger, incidents) == []
    assert tick(hub, 60)
    [case], [alert], [step] = rows(ledger, incidents), rows(ledger, alerts), rows(ledger, steps)
    assert (case["occurred_at"], case["opened_at"], case["late"]) == (at(0), at(60), False)
    assert (case["group_key"], case["reason"]) == ("gas_leak|pi-0001/gas-1", alert["reason"])
    assert (case["lat"], case["lon"]) == (29.117, 119.164)
    assert (alert["incident"], alert["held_by"]) == (case["id"], name)
    assert step["detail"]["held"] == alert["held"] != ""
    with ledger.read() as conn:
        assert read_all(conn)["alerts_taken_up"] == 1


def test_it_opens_when_somebody_ends_the_silence(ledger: Ledger) -> None:
    name = silence(ledger, -1, 3600, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    with ledger.write() as conn:
        end_silence(conn, name, "zhao", at(5))
    assert tick(hub, 6)
    assert len(rows(ledger, incidents)) == 1


def test_another_silence_goes_on_holding_it_and_the_row_says_so(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    other = silence(ledger, -1, 120, device="pi-0001", source="gas-1")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    assert not tick(hub, 61)
    assert [one["held_by"] for one in rows(ledger, alerts)] == [other]
    assert tick(hub, 120)
    assert len(rows(ledger, incidents)) == 1


def test_it_opens_when_the_graver_alert_ends(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"co": 60}), device.reading(at(1), {"gas_lel": 12})))
    assert not tick(hub, 10)
    hub.run(decoded(device.reading(at(20), {"co": 1})))
    assert tick(hub, 21)
    assert sorted((one["colour"], one["occurred_at"]) for one in rows(ledger, incidents)) == [
        ("blue", at(1)),
        ("red", at(0)),
    ]


def test_two_that_would_hold_each_other_do_not_wait_for_ever(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"co": 60}), device.reading(at(1), {"gas_lel": 12})))
    assert tick(hub, 60)
    held = {one["rule"]: (one["held"], one["incident"] is None) for one in rows(ledger, alerts)}
    assert held == {"co": ("inhibited", True), "gas": ("silenced", False)}
    hub.run(decoded(device.reading(at(70), {"gas_lel": 1})))
    assert tick(hub, 71)
    assert len(rows(ledger, incidents)) == 2


def test_one_that_was_taken_up_holds_others(ledger: Ledger) -> None:
    hub, device = pipeline(ledger, RULES), Device()
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12}), device.reading(at(1), {"co": 60})))
    hub.run(decoded(device.reading(at(2), {"gas_lel": 1})))
    assert tick(hub, 3)
    hub.run(decoded(device.reading(at(4), {"gas_lel": 12})))
    held = [(one["rule"], one["held"]) for one in rows(ledger, alerts)]
    assert sorted(held) == [("co", "inhibited"), ("gas", ""), ("gas", "inhibited")]


def test_one_that_ended_meanwhile_opens_nothing(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    seen = device.observation(at(1), "o1")
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12}), seen))
    end = left(device, 30)
    hub.run(decoded(device.reading(at(30), {"gas_lel": 1}), end))
    assert not tick(hub, 60)
    assert rows(ledger, incidents) == []


def test_an_observation_nobody_renews_is_over_first(ledger: Ledger) -> None:
    silence(ledger, -1, 600, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().observation(at(0), "o1")))
    hub.tick(Tick(at(600), at(-600)))
    assert rows(ledger, incidents) == []
    assert [one["end_cause"] for one in rows(ledger, alerts)] == ["unknown"]


def test_an_observation_brings_its_pictures_and_is_linked(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().observation(at(0), "o1", pictures=(PICTURE,))))
    assert tick(hub, 60)
    [case] = rows(ledger, incidents)
    assert [one["sha256"] for one in rows(ledger, incident_pictures)] == [PICTURE.sha256]
    assert [one["incident"] for one in rows(ledger, observations)] == [case["id"]]


def test_one_that_came_late_pages_nobody(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    with ledger.write() as conn:
        conn.execute(update(alerts).values(late=True))
    assert tick(hub, 60)
    assert [one["late"] for one in rows(ledger, incidents)] == [True]


def test_it_is_taken_up_once_and_joins_what_is_open(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001", source="gas-1")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    assert tick(hub, 60)
    assert not tick(hub, 60)
    assert not tick(pipeline(ledger, RULES), 61)
    [case] = rows(ledger, incidents)
    assert case["alert_count"] == 1
    assert len(rows(ledger, steps)) == 1


def test_a_restart_between_the_silences_end_and_the_tick_loses_nothing(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    pipeline(ledger, RULES).run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    assert tick(pipeline(ledger, RULES), 61)
    assert len(rows(ledger, incidents)) == 1


class _KilledError(Exception):
    pass


def test_what_was_not_committed_is_taken_up_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))

    def die(*_: object) -> None:
        raise _KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Standing, "close", die)
        with pytest.raises(_KilledError):
            tick(hub, 60)
    assert rows(ledger, incidents) == []
    assert tick(hub, 61)
    assert len(rows(ledger, incidents)) == 1


def test_each_partition_takes_up_its_own(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    mine, other = pipeline(ledger, RULES, HERE), pipeline(ledger, RULES, "330899009009", "")
    mine.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    assert not tick(other, 60)
    assert rows(ledger, incidents) == []
    assert tick(mine, 60)
    assert not tick(other, 61)
    assert len(rows(ledger, incidents)) == 1


def test_a_tick_looks_at_a_piece_and_the_next_one_goes_on(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking_up, "PIECE", 2)
    monkeypatch.setattr(taking_up, "_HELD", taking_up._HELD.limit(2))
    silence(ledger, -1, 60, device="pi-0001")
    silence(ledger, -1, 600, device="pi-0002", type="gas_leak")
    hub = pipeline(ledger, RULES)
    for name in ("pi-0001", "pi-0002"):
        device = Device(name)
        for sensor in ("gas-1", "gas-2", "gas-3"):
            hub.run(decoded(device.reading(at(0), {"gas_lel": 12}, sensor)))
    found = [0]
    for second in range(60, 66):
        tick(hub, second)
        found.append(len(rows(ledger, incidents)))
    assert all(after - before <= 2 for before, after in pairwise(found))
    assert found[-1] == 3


def test_one_that_cannot_open_stops_nobody(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub, device = pipeline(ledger, RULES), Device()
    seen = device.observation(at(1), "o1")
    hub.run(decoded(device.reading(at(0), {"gas_lel": 12}), seen))
    known: Mapping[str, IncidentType] = hub.parts.policy.types
    types = {name: kind for name, kind in known.items() if name != "gas_leak"}
    parts = replace(hub.parts, policy=replace(hub.parts.policy, types=types))
    hub.switch(parts, lambda *_: None)
    assert tick(hub, 60)
    assert [one["type"] for one in rows(ledger, incidents)] == ["intrusion"]


def test_one_of_a_device_that_was_revoked_stays(ledger: Ledger) -> None:
    silence(ledger, -1, 60, device="pi-0001")
    hub = pipeline(ledger, RULES)
    hub.run(decoded(Device().reading(at(0), {"gas_lel": 12})))
    with ledger.write() as conn:
        revoke(conn, "pi-0001", "zhao", at(10))
    assert not tick(hub, 60)
    assert rows(ledger, incidents) == []


def test_what_asks_for_them_goes_by_the_small_index(ledger: Ledger) -> None:
    query = taking_up._HELD.where(alerts.c.id > "")
    compiled = query.compile(ledger._engine, compile_kwargs={"literal_binds": True})
    sqlite = ledger.url.get_backend_name() == "sqlite"
    with ledger.write() as conn:
        if not sqlite:
            conn.execute(text("SET LOCAL enable_seqscan = off"))
        plan = conn.execute(text(f"EXPLAIN {'QUERY PLAN' if sqlite else ''} {compiled}"))
        assert "ix_alerts_held" in str(plan.all())
