"""What comes late is kept and pages nobody."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    alerts,
    inbox,
    incidents,
    outbound,
)
from tests.support.hub import (
    NOW,
    Device,
    HubClock,
    decoded,
    make_pipeline,
    rows,
)


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
