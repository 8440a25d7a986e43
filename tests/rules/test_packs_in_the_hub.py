"""The packs on a real ledger: repetitions, marked values, one case for one trouble, pages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub_server.alerting.inputs import Tick
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, incidents, outbound
from hub_server.pipeline.flow import Pipeline
from linli_contract.event_types import ENVELOPE_READING
from linli_contract.payloads import Measurement, Quality, Reading
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_pipeline, rows


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path, synced=False)
    yield ledger
    ledger.close()


def fired(ledger: Ledger) -> list[tuple[str, str]]:
    found = sorted(rows(ledger, alerts), key=lambda row: (row["time"], row["rule"]))
    return [(row["rule"], row["colour"]) for row in found]


@pytest.fixture
def pipeline(ledger: Ledger) -> Pipeline:
    return make_pipeline(ledger, HubClock(NOW + timedelta(seconds=60)))


def test_a_sample_that_comes_twice_is_one_of_the_two_that_a_manhole_needs(
    ledger: Ledger, pipeline: Pipeline
) -> None:
    device = Device()
    first = device.reading(NOW, {"tilt": 20.0}, "cover")
    pipeline.run(decoded(first, first))
    pipeline.run(decoded(replace(first, at=first.at + timedelta(seconds=5))))
    assert fired(ledger) == []
    pipeline.run(decoded(device.reading(NOW + timedelta(seconds=10), {"tilt": 20.0}, "cover")))
    assert fired(ledger) == [("manhole", "orange")]


@pytest.mark.parametrize("quality", Quality)
def test_what_a_sensor_marks_fires_nothing(
    ledger: Ledger, pipeline: Pipeline, quality: Quality
) -> None:
    row = Measurement("gas-1", "gas_lel", 30.0, "%LEL", quality)
    message = Device().event(ENVELOPE_READING, "pi-0001", NOW, "reading", Reading((row,)))
    pipeline.run(decoded(message))
    trusted = quality in (Quality.OK, Quality.REFERENCE)
    assert fired(ledger) == ([("gas-leak", "red")] if trusted else [])


def test_rising_gas_is_one_case_that_becomes_red(ledger: Ledger, pipeline: Pipeline) -> None:
    device = Device()
    for n, value in enumerate((12.0, 26.0, 15.0, 2.0)):
        message = device.reading(NOW + timedelta(seconds=n), {"gas_lel": value})
        pipeline.run(decoded(message))
    assert fired(ledger) == [("gas-leak", "orange"), ("gas-leak", "red"), ("gas-leak", "orange")]
    [case] = rows(ledger, incidents)
    assert (case["type"], case["colour"], case["state"]) == ("gas_leak", "red", "pending_verify")
    assert case["ended_at"] == NOW + timedelta(seconds=3)


def test_a_camera_and_a_smoke_sensor_are_one_red_case(ledger: Ledger, pipeline: Pipeline) -> None:
    device = Device()
    pipeline.run(decoded(device.reading(NOW, {"smoke": 7.0}, "smoke-1")))
    [case] = rows(ledger, incidents)
    assert case["colour"] == "orange"
    seen = device.observation(NOW + timedelta(seconds=30), event="smoke_fire")
    pipeline.run(decoded(seen))
    assert [rule for rule, _ in fired(ledger)] == ["smoke-sensor", "smoke-fire", "smoke-fire-fused"]
    [case] = rows(ledger, incidents)
    assert (case["colour"], case["alert_count"]) == ("red", 3)


@pytest.mark.parametrize("event", ["fall", "smoke_fire"])
def test_what_endangers_life_is_told_at_once(
    ledger: Ledger, pipeline: Pipeline, event: str
) -> None:
    pipeline.run(decoded(Device().observation(NOW, event=event)))
    assert {row["target"] for row in rows(ledger, outbound)} == {"county", "console"}


def test_rain_that_is_red_at_once_is_one_case_of_the_community(
    ledger: Ledger, pipeline: Pipeline
) -> None:
    for name in ("rain-1", "rain-2"):
        values = {"rain_3h": 101.0, "rain_6h": 101.0, "rain_12h": 101.0}
        pipeline.run(decoded(Device(epoch=name).reading(NOW, values, name)))
    assert fired(ledger) == [("heavy-rain", "red"), ("heavy-rain", "red")]
    [case] = rows(ledger, incidents)
    assert case["reason"]["zh"] == "rain-1：3 小时降雨 101 毫米，红色预警线 100 毫米"


def test_a_restart_in_the_middle_of_a_full_bins_half_hour(ledger: Ledger) -> None:
    clock, device = HubClock(), Device()
    make_pipeline(ledger, clock).run(decoded(device.reading(NOW, {"fill": 90.0}, "bin-1")))
    since = NOW - timedelta(hours=1)
    later = make_pipeline(ledger, clock)
    later.tick(Tick(clock.forward(1799), since))
    assert fired(ledger) == []
    later.tick(Tick(clock.forward(1), since))
    assert fired(ledger) == [("garbage-overflow", "blue")]
    assert rows(ledger, alerts)[0]["reason"]["zh"].endswith("持续 30 分钟")
