"""What the pipeline cannot take goes aside with its reason, and stops nothing else."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from hub_server.alerting.rules import Rules, load_rules
from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    alert_state,
    devices,
    inbox,
    incidents,
    quarantine,
)
from hub_server.pipeline import journey
from tests.support.hub import (
    NOW,
    RULES,
    Device,
    HubClock,
    decoded,
    figures,
    make_parts,
    make_pipeline,
    rows,
)


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
    real = journey.add_points

    def add_points(conn, kept, alerts, registry, areas):  # type: ignore[no-untyped-def]
        if any(m.envelope.id == "pi-0001-e1-4" for m in kept):
            raise ValueError("no such point")
        real(conn, kept, alerts, registry, areas)

    monkeypatch.setattr(journey, "add_points", add_points)
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
    real = journey.add_points

    def add_points(conn, kept, alerts, registry, areas):  # type: ignore[no-untyped-def]
        if any(m.sequence == 1 for m in kept):
            raise ValueError("poison")
        real(conn, kept, alerts, registry, areas)

    monkeypatch.setattr(journey, "add_points", add_points)
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
        patch.setattr(journey, "add_points", full)
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
