"""The pipeline on a real ledger, in virtual time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import RowMapping, Table, select, update
from sqlalchemy.exc import OperationalError

from hub_server.alerting.inputs import Tick
from hub_server.alerting.rules import Rules, load_rules
from hub_server.ingest.types import Received
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.lease import Lease, LeaseHeldError
from hub_server.ledger.tables import (
    alert_state,
    alerts,
    devices,
    inbox,
    incident_pictures,
    incidents,
    observations,
    outbound,
    quarantine,
    series,
    sources,
    steps,
    tombstones,
)
from hub_server.pipeline import flow
from linli_contract.payloads import Phase, Picture, Tombstone
from tests.support.hub import (
    NOW,
    RULES,
    Device,
    HubClock,
    decoded,
    make_ledger,
    make_parts,
    make_pipeline,
)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ledger = make_ledger(ledger_url, synced=False)
    yield ledger
    ledger.close()


def rows(ledger: Ledger, table: Table) -> list[RowMapping]:
    with ledger.read() as conn:
        return list(conn.execute(select(table)).mappings())


def figures(ledger: Ledger) -> dict[str, int]:
    with ledger.read() as conn:
        return counters.read_all(conn)


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


def test_an_observation_whose_start_was_lost_fires_with_its_next_message(ledger: Ledger) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(device.observation(NOW, phase=Phase.UPDATE)))
    pipeline.run(decoded(device.observation(NOW, phase=Phase.START)))
    [incident] = rows(ledger, incidents)
    assert incident["alert_count"] == 1


def test_a_test_event_is_kept_and_opens_nothing(ledger: Ledger) -> None:
    make_pipeline(ledger, HubClock()).run(decoded(Device().observation(NOW, test=True)))
    assert len(rows(ledger, inbox)) == 1
    assert rows(ledger, incidents) == []


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


def test_what_comes_11_minutes_behind_is_late_and_pages_nobody(ledger: Ledger) -> None:
    clock = HubClock(NOW + timedelta(minutes=11))
    pipeline, device = make_pipeline(ledger, clock), Device()
    first = device.observation(NOW + timedelta(minutes=11), "new", event="crowd")
    pipeline.run(decoded(first, device.observation(NOW, "old")))
    by_type = {row["type"]: row for row in rows(ledger, incidents)}
    assert by_type["intrusion"]["late"]
    assert not by_type["crowd"]["late"]
    paged = {row["incident"] for row in rows(ledger, outbound) if row["target"] == "console"}
    assert paged == {by_type["crowd"]["id"]}


def _now(*messages: Received) -> list[Received]:
    """The messages, all arriving at ``NOW`` whatever their capture time."""
    return [replace(message, at=NOW) for message in messages]


def _backlog(kind: str, device: Device) -> list[Received]:
    """What a device kept while its link was cut for an hour, in its order."""
    hour_ago = NOW - timedelta(hours=1)
    if kind == "reading":
        times = [hour_ago + timedelta(seconds=n) for n in range(5)]
        return _now(*(device.reading(time, {"gas_lel": 12}) for time in times))
    times = [hour_ago + timedelta(minutes=n) for n in range(5)]
    return _now(*(device.observation(time, f"o{n}") for n, time in enumerate(times)))


@pytest.mark.parametrize("kind", ["reading", "observation"])
def test_a_backlog_opens_late_cases_and_pages_nobody(ledger: Ledger, kind: str) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(*_backlog(kind, device)))
    [case] = rows(ledger, incidents)
    assert case["late"]
    assert all(row["late"] for row in rows(ledger, alerts) if row["incident"] == case["id"])
    assert {row["target"] for row in rows(ledger, outbound)} == {"county"}
    assert all(row["late"] for row in rows(ledger, inbox))


def test_what_happens_now_after_a_backlog_joins_and_the_case_is_late_no_more(
    ledger: Ledger,
) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    pipeline.run(decoded(*_backlog("observation", device)))
    pipeline.run(decoded(device.observation(NOW, "now")))
    [case] = rows(ledger, incidents)
    assert not case["late"]
    assert case["alert_count"] == 6


@pytest.mark.parametrize(("minutes", "late"), [(9.9, False), (10.1, True)])
def test_older_than_ten_minutes_on_arrival_is_late(
    ledger: Ledger, minutes: float, late: bool
) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    old = device.observation(NOW - timedelta(minutes=minutes), "o")
    pipeline.run(decoded(*_now(old)))
    [case] = rows(ledger, incidents)
    assert case["late"] is late
    assert ("console" in {row["target"] for row in rows(ledger, outbound)}) is not late


def test_of_an_estimated_time_no_age_is_concluded(ledger: Ledger) -> None:
    """A device whose clock was never set may see a fire now: it pages."""
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    old = device.observation(NOW - timedelta(days=700), "o", event="smoke_fire")
    body = json.loads(old.payload) | {"timeestimated": True}
    pipeline.run(decoded(replace(old, payload=json.dumps(body).encode(), at=NOW)))
    [case] = rows(ledger, incidents)
    assert not case["late"]
    assert "console" in {row["target"] for row in rows(ledger, outbound)}


@pytest.mark.parametrize("hours", [1, 24])
def test_a_clock_in_the_future_makes_nothing_else_late(ledger: Ledger, hours: int) -> None:
    pipeline, device = make_pipeline(ledger, HubClock()), Device()
    ahead = device.observation(NOW + timedelta(hours=hours), "ahead")
    pipeline.run(decoded(ahead, device.observation(NOW, "now", event="crowd")))
    assert not any(row["late"] for row in rows(ledger, incidents))


def test_a_tombstone_is_shown_and_counted(ledger: Ledger) -> None:
    stone = Tombstone("e0", "telemetry", 5, 9, 5, "size")
    message = Device().event(
        "linli.event.tombstone", "pi-0001", NOW, "tombstone", stone, "tombstone"
    )
    make_pipeline(ledger, HubClock()).run(decoded(message))
    [row] = rows(ledger, tombstones)
    assert (row["first"], row["last"], row["cause"]) == (5, 9, "size")
    assert figures(ledger)["dropped"] == 5


def test_unreadable_bytes_are_kept_with_their_reason_and_acknowledged(ledger: Ledger) -> None:
    topic = "linli/v1/330899/pi-0001/event/intrusion"
    payload = json.dumps({"epoch": "e9", "sequence": "0000000000000007"}).encode()
    receipts, _ = make_pipeline(ledger, HubClock()).run(
        decoded(Received(topic, payload, NOW), Received(topic, b"\xff", NOW))
    )
    assert [row["reason"] for row in rows(ledger, quarantine)] == ["undecodable"] * 2
    assert rows(ledger, quarantine)[0]["payload"] == payload
    assert receipts.kept == {"pi-0001": {"e9": {7}}}


def test_a_stranger_and_a_liar_go_to_quarantine(ledger: Ledger) -> None:
    stranger = Device("pi-0666").observation(NOW)
    liar = Device("pi-0002").observation(NOW)
    liar = Received(liar.topic.replace("pi-0002", "pi-0001"), liar.payload, NOW)
    make_pipeline(ledger, HubClock()).run(decoded(stranger, liar))
    assert [row["reason"] for row in rows(ledger, quarantine)] == ["not_enrolled", "wrong_source"]
    assert rows(ledger, inbox) == []


def test_a_revoked_device_is_refused(ledger: Ledger) -> None:
    with ledger.write() as conn:
        conn.execute(update(devices).values(revoked_at=NOW))
    make_pipeline(ledger, HubClock()).run(decoded(Device().observation(NOW)))
    assert [row["reason"] for row in rows(ledger, quarantine)] == ["revoked"]


def test_the_quarantine_is_bounded_and_says_what_it_dropped(ledger: Ledger) -> None:
    parts = make_parts()
    parts = type(parts)(**{**parts.__dict__, "quarantine_rows": 3})
    bad = [Received("linli/v1/330899/pi-0001/health", b"%d" % n, NOW) for n in range(5)]
    make_pipeline(ledger, HubClock(), parts).run(decoded(*bad))
    assert [row["payload"] for row in rows(ledger, quarantine)] == [b"2", b"3", b"4"]
    assert figures(ledger)["quarantine_dropped"] == 2


def test_poison_goes_aside_and_the_rest_of_its_batch_is_kept(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device()
    good = [device.observation(NOW, f"o{n}") for n in range(3)]
    poison = device.reading(NOW, {"gas_lel": 50})
    real = flow.add_points

    def add_points(conn, kept, alerts, registry, areas):  # type: ignore[no-untyped-def]
        if any(m.envelope.id == "pi-0001-e1-4" for m in kept):
            raise ValueError("no such point")
        real(conn, kept, alerts, registry, areas)

    monkeypatch.setattr(flow, "add_points", add_points)
    batch = decoded(*good[:2], poison, good[2])
    receipts, _ = make_pipeline(ledger, HubClock()).run(batch)
    [aside] = rows(ledger, quarantine)
    assert (aside["reason"], aside["detail"]) == ("failed", "ValueError: no such point")
    assert receipts.kept == {"pi-0001": {"e1": {1, 2, 3, 4}}}
    assert [row["sequence"] for row in rows(ledger, inbox)] == [1, 2, 3]
    assert [row["type"] for row in rows(ledger, incidents)] == ["intrusion"]
    told = figures(ledger)
    assert told["received"] == told["stored"] + told["quarantined"] == 4


def test_poison_leaves_no_trace_in_the_state_of_rules(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device()
    real = flow.add_points

    def add_points(conn, kept, alerts, registry, areas):  # type: ignore[no-untyped-def]
        if any(m.sequence == 1 for m in kept):
            raise ValueError("poison")
        real(conn, kept, alerts, registry, areas)

    monkeypatch.setattr(flow, "add_points", add_points)
    pipeline = make_pipeline(ledger, HubClock())
    pipeline.run(decoded(device.reading(NOW, {"gas_lel": 12})))
    assert rows(ledger, alert_state) == []
    pipeline.run(decoded(device.reading(NOW, {"gas_lel": 12})))
    assert len(rows(ledger, incidents)) == 1


def test_a_ledger_that_cannot_be_written_is_no_messages_fault(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    pipeline, message = make_pipeline(ledger, HubClock()), Device().observation(NOW)
    with monkeypatch.context() as patch:
        patch.setattr(flow, "add_points", full)
        with pytest.raises(OperationalError):
            pipeline.run(decoded(message))
    assert rows(ledger, inbox) == rows(ledger, quarantine) == []
    pipeline.run(decoded(message))
    assert len(rows(ledger, incidents)) == 1


def test_a_rule_that_raises_is_shown_broken_and_the_others_go_on(ledger: Ledger) -> None:
    rules = load_rules(RULES)
    [first] = [rule for rule in rules.rules if rule.spec.name == "crowd"]
    rest = [rule for rule in rules.rules if rule is not first]

    def boom(*_: object) -> None:
        raise ZeroDivisionError("rule")

    c = first.condition
    broken = replace(first, condition=replace(c, fits=boom))
    parts = make_parts(rules=Rules((broken, *rest)))
    device = Device()
    seen = device.observation(NOW, "o1", event="crowd"), device.observation(NOW, "o2")
    make_pipeline(ledger, HubClock(), parts).run(decoded(*seen))
    assert parts.rules.broken == {first.spec.name: "ZeroDivisionError: rule"}
    assert len(rows(ledger, incidents)) == 1
    assert rows(ledger, quarantine) == []


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


def test_who_lost_the_lease_keeps_nothing(ledger: Ledger) -> None:
    clock = HubClock()
    mine, other = Lease(ledger, "ingest", "a/1/x"), Lease(ledger, "ingest", "b/2/y")
    mine.take(clock.now)
    pipeline = flow.Pipeline(ledger, make_parts(), clock, mine)
    other.take(clock.forward(60))
    with pytest.raises(LeaseHeldError):
        pipeline.run(decoded(Device().observation(clock.now)))
    assert rows(ledger, inbox) == rows(ledger, incidents) == []
