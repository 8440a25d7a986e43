"""enqueue: what was kept and what fired, as rows of the time series."""

from collections.abc import Iterable

from sqlalchemy import Connection

from hub_server.alerting.types import Alert
from hub_server.ingest.types import EventMessage
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.registry import Registry
from hub_server.stores.line_protocol import Point
from hub_server.stores.points import (
    Origin,
    alert_point,
    health_points,
    observation_point,
    reading_points,
)
from hub_server.stores.rows import queue
from linli_contract.payloads import Health, Observation, Reading


def add_points(
    conn: Connection,
    kept: Iterable[EventMessage],
    alerts: Iterable[Alert],
    registry: Registry,
    areas: Areas,
) -> None:
    """Queue the points of a batch for the store."""
    points = [point for message in kept for point in points_of(message, registry)]
    points += [alert_point(alert, areas.place(alert.grid)) for alert in alerts]
    queue(conn, points)


def points_of(message: EventMessage, registry: Registry) -> list[Point]:
    """The points of one message, with the places its parts have in the registry."""
    device, envelope = message.topic.device, message.envelope
    site = registry.site(device, envelope.subject)
    place = registry.areas.place
    origin = Origin(place(site.grid), device, envelope.id, envelope.time, message.sequence)
    match message.payload:
        case Observation() as seen:
            return [observation_point(origin, envelope.subject, message.topic.name, seen)]
        case Reading() as reading:
            sensors = {value.sensor for value in reading.values}
            places = {name: place(registry.site(device, name).grid) for name in sensors}
            return reading_points(origin, reading, places)
        case Health() as health:
            return health_points(origin, health)
    return []
