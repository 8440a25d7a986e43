"""enqueue: what was kept and what fired, as rows of the time series."""

from collections.abc import Iterable

from sqlalchemy import Connection

from hub_server.alerting.types import Alert
from hub_server.ingest.types import EventMessage
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.registry import Registry
from hub_server.stores.line_protocol import UnwritableError
from hub_server.stores.points import (
    Origin,
    alert_point,
    health_points,
    observation_point,
    reading_points,
)
from hub_server.stores.reading_lines import reading_lines
from hub_server.stores.waiting import Rows
from linli_contract.payloads import Health, Observation, Reading


def add_points(
    conn: Connection,
    kept: Iterable[EventMessage],
    alerts: Iterable[Alert],
    registry: Registry,
    areas: Areas,
) -> None:
    """Queue the points of a batch for the store."""
    rows = Rows()
    for message in kept:
        _add(rows, message, registry)
    for alert in alerts:
        rows.add([alert_point(alert, areas.place(alert.grid))])
    rows.save(conn)


def _add(rows: Rows, message: EventMessage, registry: Registry) -> None:
    """The points of one message, with the places its parts have in the registry."""
    device, envelope = message.topic.device, message.envelope
    place = registry.areas.place(registry.site(device, envelope.subject).grid)
    origin = Origin(place, device, envelope.id, envelope.time, message.sequence)
    match message.payload:
        case Observation() as seen:
            rows.add([observation_point(origin, envelope.subject, message.topic.name, seen)])
        case Reading() as reading:
            _add_reading(rows, origin, reading, registry)
        case Health() as health:
            rows.add(health_points(origin, health))


def _add_reading(rows: Rows, origin: Origin, reading: Reading, registry: Registry) -> None:
    place = registry.areas.place
    sensors = {value.sensor for value in reading.values}
    places = {name: place(registry.site(origin.device, name).grid) for name in sensors}
    try:
        rows.add_lines(reading_lines(origin, reading, places))
    except UnwritableError:  # one by one, so that only what no line can carry is set aside
        rows.add(reading_points(origin, reading, places))
