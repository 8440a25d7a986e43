"""What the dashboards believe about the time series is what the hub's points are."""

from datetime import UTC, datetime

from hub_server.alerting.types import Alert, Reason
from hub_server.stores.points import (
    IncidentStep,
    Origin,
    Place,
    alert_point,
    health_points,
    incident_point,
    observation_point,
    reading_points,
)
from linli_contract.event_types import Colour
from linli_contract.payloads import Health, Measurement, Observation, Phase, Reading
from linli_dashboards.schema import MEASUREMENTS, TAGS

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
PLACE = Place("330899", "330899001", "330899001001", "330899001001001")
ORIGIN = Origin(PLACE, "pi-0001", "an-id", NOW, 7)


def test_readings() -> None:
    [point] = reading_points(ORIGIN, Reading((Measurement("gas-1", "gas_lel", 3.5, "%LEL"),)), {})
    assert set(point.tags) == set(TAGS)
    assert set(point.fields) == MEASUREMENTS["reading"]


def test_observations() -> None:
    seen = Observation(
        observation_id="o",
        phase=Phase.START,
        zone="yard",
        started_at=NOW,
        triggered_at=NOW,
        dwell_s=5.0,
    )
    point = observation_point(ORIGIN, "gate", "intrusion", seen)
    assert set(point.fields) == MEASUREMENTS["observation"]


def test_health() -> None:
    health = Health(
        version="1", uptime_s=1, state="ok", cpu_percent=1, temperature_c=1, disk_free_mb=1
    )
    assert set(health_points(ORIGIN, health)[0].fields) >= MEASUREMENTS["health"]


def test_incidents() -> None:
    step = IncidentStep(
        incident="i",
        number="20260501-0001",
        type="intrusion",
        device="pi-0001",
        source="gate",
        colour="orange",
        action="verify",
        state="pending_register",
        seq=1,
        at=NOW,
        lat=30.1,
        lon=120.2,
    )
    assert set(incident_point(step, PLACE).fields) == MEASUREMENTS["incident"]


def test_alerts() -> None:
    alert = Alert(
        id="a",
        rule="gas",
        rules_version="1",
        type="gas_leak",
        colour=Colour.RED,
        county="330899",
        device="pi-0001",
        source="gas-1",
        grid="330899001001001",
        lat=30.1,
        lon=120.2,
        time=NOW,
        fired_at=NOW,
        reason=Reason("燃气", "gas", {}),
        group_key="gas_leak:gas-1",
    )
    assert set(alert_point(alert, PLACE).fields) == MEASUREMENTS["alert"]
