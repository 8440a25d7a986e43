"""Rows as points: pure functions, so that a replay overwrites itself.

A point's time is the capture time in ms plus (sequence mod 1,000,000) ns. Tags are bounded
sets only; the event id is a field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

import msgspec

from hub_server.alerting.types import Alert
from hub_server.ledger.place import Place
from hub_server.stores.line_protocol import Field, Point
from linli_contract.payloads import Health, Observation, Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WITHIN_MS = 1_000_000
_MS = timedelta(milliseconds=1)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a message comes from: what every point of it is tagged with, and its clock."""

    place: Place
    device: str
    event_id: str
    time: datetime
    sequence: int

    @property
    def time_ns(self) -> int:
        return time_ns(self.time, self.sequence)

    def tags(self, source: str, kind: str) -> dict[str, str]:
        return tags(self.place, self.device, source, kind)


def time_ns(time: datetime, number: int) -> int:
    """Nanoseconds since 1970: ``time`` cut to ms, then ``number`` mod 1,000,000."""
    return (time - _EPOCH) // _MS * _WITHIN_MS + number % _WITHIN_MS


def tags(place: Place, device: str, source: str, kind: str) -> dict[str, str]:
    """The seven tags of every measurement."""
    return {
        "county": place.county,
        "town": place.town,
        "community": place.community,
        "grid": place.grid,
        "device": device,
        "source": source,
        "type": kind,
    }


def reading_points(origin: Origin, reading: Reading, places: Mapping[str, Place]) -> list[Point]:
    """One point a value; a sensor's own place wins over its device's."""
    points, at = [], origin.time_ns
    for value in reading.values:
        place = places.get(value.sensor, origin.place)
        fields: dict[str, Field] = {
            "value": float(value.value),
            "unit": value.unit,
            "quality": value.quality,
            "id": origin.event_id,
        }
        named = tags(place, origin.device, value.sensor, value.metric)
        points.append(Point("reading", named, fields, at))
    return points


def observation_point(
    origin: Origin, camera: str, event_type: str, observation: Observation
) -> Point:
    """One message of an observation: start, update or end."""
    fields: dict[str, Field] = {
        "phase": observation.phase,
        "observation": observation.observation_id,
        "zone": observation.zone,
        "label": observation.label,
        "dwell_s": observation.dwell_s,
        "count": float(observation.count),
        "confidence": observation.confidence,
        "id": origin.event_id,
    }
    return Point("observation", origin.tags(camera, event_type), fields, origin.time_ns)


def health_points(origin: Origin, health: Health) -> list[Point]:
    """The device itself, each of its cameras and each lane of its outbox."""
    numbers = {
        "up": 1.0 if health.state == "ok" else 0.0,
        "uptime_s": health.uptime_s,
        "cpu_percent": health.cpu_percent,
        "temperature_c": health.temperature_c,
        "memory_mb": health.memory_mb,
        "disk_free_mb": health.disk_free_mb,
        "faults": float(len(health.faults)),
    }
    points = [_health(origin, origin.device, "device", numbers)]
    for camera in health.cameras:
        numbers = {
            "up": 0.0 if camera.state == "fault" else 1.0,
            "fps_in": camera.fps_in,
            "fps_inferred": camera.fps_inferred,
            "frame_age_s": camera.frame_age_s,
            "drops": float(sum(camera.drops.values())),
        }
        points.append(_health(origin, camera.name, "camera", numbers))
    for lane in health.lanes:
        numbers = {
            "waiting": float(lane.waiting),
            "sent": float(lane.sent),
            "dropped": float(lane.dropped),
            "oldest_s": lane.oldest_s,
        }
        points.append(_health(origin, lane.lane, "lane", numbers))
    return points


def alert_point(alert: Alert, place: Place) -> Point:
    """One firing of a rule; what tells two of one millisecond apart comes from its id."""
    fields: dict[str, Field] = {
        "count": 1.0,
        "rule": alert.rule,
        "colour": alert.colour.value,
        "late": float(alert.late),
        "id": alert.id,
        "event": alert.event_id,
    }
    named = tags(place, alert.device, alert.source, alert.type)
    return Point("alert", named, fields, time_ns(alert.time, crc32(alert.id.encode())))


@dataclass(frozen=True)
class IncidentStep:
    """One step of an incident, as its point tells it."""

    incident: str
    number: str
    type: str
    device: str
    source: str
    colour: str
    action: str
    state: str
    """after the step"""
    seq: int
    at: datetime
    lat: float | None = None
    lon: float | None = None
    """WGS-84 degrees, for the map; left out where the place is not known."""


def incident_point(step: IncidentStep, place: Place) -> Point:
    """One step of an incident, at the hub's time of the step."""
    fields: dict[str, Field] = {
        "count": 1.0,
        "id": step.incident,
        "number": step.number,
        "action": step.action,
        "state": step.state,
        "colour": step.colour,
    }
    if step.lat is not None and step.lon is not None:
        fields |= {"lat": step.lat, "lon": step.lon}
    named = tags(place, step.device, step.source, step.type)
    return Point("incident", named, fields, time_ns(step.at, step.seq))


def _health(origin: Origin, source: str, kind: str, numbers: Mapping[str, float | None]) -> Point:
    fields: dict[str, Field] = {name: value for name, value in numbers.items() if value is not None}
    fields["id"] = origin.event_id
    return Point("health", origin.tags(source, kind), fields, origin.time_ns)
