"""What the ledger knows of senders: gaps, refusals, rates, wrong clocks; and what it forgets."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    alert_state,
    alerts,
    audit,
    devices,
    inbox,
    quarantine,
    sequences,
    sources,
    tombstones,
)
from hub_server.pipeline import prune
from hub_server.pipeline.arrivals import CLOCK
from hub_server.pipeline.prune import Ages, prune_all
from hub_server.pipeline.quarantine import Choice, ask, chosen, drop
from hub_server.pipeline.rate import Rate, life_safety_metrics
from hub_server.pipeline.registry import Registries
from hub_server.pipeline.sequences import Gap, gaps
from hub_server.pipeline.spans import MOST_HOLES, Span, extend
from linli_contract.payloads import Tombstone
from tests.support.hub import NOW, Device, HubClock, decoded, make_parts, make_pipeline, rows


def missing(ledger: Ledger, minutes: float) -> list[tuple[int, int]]:
    with ledger.read() as conn:
        found = gaps(conn, NOW + timedelta(minutes=minutes), "pi-0001")
    return [(gap.first, gap.last) for gap in found]


@given(st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=8), min_size=1, max_size=12))
def test_the_holes_are_what_did_not_come(batches: list[list[int]]) -> None:
    span: Span | None = None
    for batch in batches:
        span = extend(span, batch, NOW)
    assert span is not None
    came = {number for batch in batches for number in batch}
    open_ = {number for first, last, _ in span.holes for number in range(first, last + 1)}
    assert open_ == set(range(min(came), max(came) + 1)) - came
    assert (span.first, span.last) == (min(came), max(came))


def test_holes_are_bounded_and_hide_nothing() -> None:
    span = extend(None, range(1, 1001, 2), NOW)
    assert len(span.holes) == MOST_HOLES
    assert (span.holes[0][0], span.holes[-1][1]) == (2, 998)


def test_a_hole_keeps_its_age_when_a_part_of_it_comes() -> None:
    span = extend(extend(None, [1, 10], NOW), [5], NOW + timedelta(hours=1))
    assert span.holes == ((2, 4, NOW), (6, 9, NOW))


def test_a_gap_is_shown_after_ten_minutes_until_it_is_filled(ledger: Ledger) -> None:
    device, pipeline = Device(), make_pipeline(ledger, HubClock())
    messages = [device.reading(NOW, {"t": number}) for number in range(6)]
    pipeline.run(decoded(messages[0], messages[1], messages[5]))
    assert missing(ledger, 9) == []
    assert missing(ledger, 10) == [(3, 5)]
    pipeline.run(decoded(messages[3]))
    assert missing(ledger, 10) == [(3, 3), (5, 5)]
    with ledger.read() as conn:
        assert gaps(conn, NOW + timedelta(hours=1))[0] == Gap("pi-0001", "e1", 3, 3, NOW)


def test_what_a_device_declared_dropped_is_no_gap(ledger: Ledger) -> None:
    device, pipeline = Device(), make_pipeline(ledger, HubClock())
    first = device.reading(NOW, {"t": 1})
    device.sequence += 9
    stone = device.event(
        "linli.event.tombstone", "pi-0001", NOW, "tombstone",
        Tombstone("e1", "telemetry", 2, 8, 7, "full"), "tombstone",
    )  # fmt: skip
    pipeline.run(decoded(first, stone))
    assert missing(ledger, 11) == [(9, 10)]


def test_a_stranger_is_in_the_audit_log_once_an_hour_with_a_count(ledger: Ledger) -> None:
    clock, stranger = HubClock(), Device("pi-6666")
    pipeline = make_pipeline(ledger, clock)
    for _ in range(3):
        pipeline.run(decoded(stranger.reading(NOW, {"t": 1}), stranger.reading(NOW, {"t": 2})))
    [line] = rows(ledger, audit)
    assert (line["action"], line["object"]) == ("refused", "pi-6666")
    assert (line["detail"]["reason"], line["detail"]["count"]) == ("not_enrolled", 6)
    clock.forward(3600)
    pipeline.run(decoded(stranger.reading(clock.now, {"t": 3})))
    assert [line["detail"]["count"] for line in rows(ledger, audit)] == [6, 1]


def test_too_many_messages_go_aside_and_are_acknowledged(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock, replace(make_parts(), rate=Rate(3, 60.0)))
    receipts, _ = pipeline.run(decoded(*(device.reading(NOW, {"t": 1}) for _ in range(5))))
    assert receipts.kept["pi-0001"]["e1"] == {1, 2, 3, 4, 5}
    assert [row["reason"] for row in rows(ledger, quarantine)] == ["rate", "rate"]
    now = clock.forward(20)
    pipeline.run(decoded(device.reading(now, {"t": 1}), device.reading(now, {"t": 1})))
    assert len(rows(ledger, inbox)) == 4
    assert len(rows(ledger, quarantine)) == 3


def test_what_endangers_people_and_a_backlog_are_never_limited(ledger: Ledger) -> None:
    clock, device, past = HubClock(), Device(), NOW - timedelta(hours=1)
    pipeline = make_pipeline(ledger, clock, replace(make_parts(), rate=Rate(1, 60.0)))
    messages = [device.observation(NOW, f"f{n}", event="smoke_fire") for n in range(5)]
    messages += [device.reading(NOW, {"gas_lel": 1.0}) for _ in range(5)]
    late = [
        device.event("linli.reading", "pi-0001", past, "reading", {"values": []}, arrives=NOW)
        for _ in range(5)
    ]
    pipeline.run(decoded(*messages, *late))
    assert rows(ledger, quarantine) == []
    assert "gas_lel" in life_safety_metrics(make_parts().rules)
    assert "temperature" not in life_safety_metrics(make_parts().rules)


def test_a_replay_takes_in_what_was_put_aside_once(ledger: Ledger) -> None:
    clock, stranger = HubClock(), Device("pi-0002")
    pipeline = make_pipeline(ledger, clock)
    message = stranger.observation(NOW)
    pipeline.run(decoded(message))
    with ledger.write() as conn:
        assert [row["reason"] for row in chosen(conn, Choice(device="pi-0002"), 9)] == [
            "not_enrolled"
        ]
        known = conn.execute(select(devices)).mappings().one()
        conn.execute(devices.insert().values(**{**known, "device": "pi-0002"}))
        assert ask(conn, Choice(reason="not_enrolled"), NOW) == 1
        assert ask(conn, Choice(reason="not_enrolled"), NOW) == 0
    clock.forward(3600)
    assert pipeline.replay()
    assert not pipeline.replay()
    assert rows(ledger, quarantine) == []
    assert [row["id"] for row in rows(ledger, inbox)] == ["pi-0002-e1-1"]
    [alert] = rows(ledger, alerts)
    assert alert["late"]  # it is an hour old by now: it opens, and pages nobody
    pipeline.run(decoded(message))
    assert len(rows(ledger, alerts)) == 1


def test_a_replay_that_fails_again_stays_with_its_reason(ledger: Ledger) -> None:
    pipeline = make_pipeline(ledger, HubClock())
    pipeline.run(decoded(Device("pi-6666").observation(NOW)))
    with ledger.write() as conn:
        ask(conn, Choice(device="pi-6666"), NOW)
    assert pipeline.replay()
    [row] = rows(ledger, quarantine)
    assert (row["reason"], row["replay_at"]) == ("not_enrolled", None)
    with ledger.write() as conn:
        assert drop(conn, Choice(before=NOW)) == 0
        assert drop(conn, Choice(after=NOW)) == 1


def test_a_time_that_cannot_be_true_yet_moves_no_clock(ledger: Ledger) -> None:
    device = Device()
    ahead = device.event(
        "linli.reading", "pi-0001", NOW + timedelta(hours=1), "reading", {"values": []}, arrives=NOW
    )
    make_pipeline(ledger, HubClock()).run(decoded(ahead))
    assert len(rows(ledger, inbox)) == 1
    assert [row for row in rows(ledger, alert_state) if row["rule"] == CLOCK] == []


def test_a_device_enrolled_again_stands_where_it_stands_now(ledger: Ledger) -> None:
    registries = Registries(make_parts().areas)
    with ledger.write() as conn:
        assert registries.read(conn, ["pi-0001"]).site("pi-0001", "gate").lat == 29.117
        conn.execute(update(sources).values(lat=29.5))
        assert registries.read(conn, ["pi-0001"]).site("pi-0001", "gate").lat == 29.117
        conn.execute(update(devices).values(enrolled_at=NOW + timedelta(days=1)))
        assert registries.read(conn, ["pi-0001"]).site("pi-0001", "gate").lat == 29.5


def test_bytes_go_first_keys_later_and_a_repetition_still_counts_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune, "PIECE", 2)
    monkeypatch.setattr(prune, "GIVE_WAY_S", 0.0)
    clock, device = HubClock(), Device()
    pipeline = make_pipeline(ledger, clock)
    messages = [device.reading(NOW, {"t": number}) for number in range(5)]
    pipeline.run(decoded(*messages))
    day = 86400.0
    ages = Ages(8 * day, 3 * day, 180 * day, 1 << 20)
    clock.forward(4 * day)
    pipeline.run(decoded(device.reading(clock.now, {"t": 9})))
    assert prune_all(ledger, clock.now, ages) == 5
    left = {row["sequence"]: len(row["payload"]) > 0 for row in rows(ledger, inbox)}
    assert left == {1: False, 2: False, 3: False, 4: False, 5: False, 6: True}
    pipeline.run(decoded(messages[0]))
    with ledger.read() as conn:
        assert counters.read_all(conn)["duplicates"] == 1
    prune_all(ledger, clock.forward(5 * day), ages)
    assert len(rows(ledger, inbox)) == 1


def test_audit_and_tombstones_go_by_age_and_quarantine_by_bytes(ledger: Ledger) -> None:
    clock = HubClock()
    pipeline = make_pipeline(ledger, clock)
    pipeline.run(decoded(Device("pi-6666").observation(NOW)))
    stone = Tombstone("e1", "telemetry", 2, 8, 7, "full")
    pipeline.run(
        decoded(
            Device().event("linli.event.tombstone", "pi-0001", NOW, "tombstone", stone, "tombstone")
        )
    )
    year = NOW + timedelta(days=365)
    ages = Ages(1e9, 1e9, 366 * 86400.0, 1 << 20)
    prune_all(ledger, year, ages)
    assert len(rows(ledger, audit)) == len(rows(ledger, tombstones)) == 1
    prune_all(ledger, year, replace(ages, audit_s=180 * 86400.0, quarantine_bytes=10))
    assert rows(ledger, audit) == rows(ledger, tombstones) == rows(ledger, quarantine) == []
    with ledger.read() as conn:
        assert counters.read_all(conn)["quarantine_dropped"] == 1
        assert conn.scalar(select(func.count()).select_from(sequences)) == 0
