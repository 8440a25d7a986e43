"""States and answers of devices: no events, ordered by connection, timed by the hub."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import Connection, insert, or_, update

from hub_server.ingest.types import EventMessage, Message, StateMessage
from hub_server.ledger import counters
from hub_server.ledger.tables import audit, devices
from hub_server.pipeline.registry import Registry
from linli_contract.payloads import Health, Reply, Status, TwinReported


def apply(conn: Connection, message: StateMessage, now: datetime) -> None:
    """Write a status, a reported configuration or a reply down."""
    device = message.topic.device
    match message.payload:
        case Status() as status:
            _status(conn, device, status)
        case TwinReported() as twin:
            reported = msgspec.to_builtins(twin)
            conn.execute(
                update(devices).where(devices.c.device == device).values(reported=reported)
            )
        case Reply() as reply:
            counters.add(conn, "replies")
            conn.execute(
                insert(audit).values(
                    at=now,
                    actor=device,
                    action="reply",
                    object=reply.id[:128],
                    detail=msgspec.to_builtins(reply),
                )
            )


def health(conn: Connection, message: EventMessage, payload: Health) -> None:
    """Keep the newest health of a device, with its time."""
    told = {"time": message.envelope.time.isoformat(), **msgspec.to_builtins(payload)}
    device = message.topic.device
    older = or_(devices.c.health.is_(None), devices.c.health["time"].as_string() <= told["time"])
    conn.execute(update(devices).where(devices.c.device == device, older).values(health=told))


def seen(conn: Connection, batch: Iterable[Message], registry: Registry, now: datetime) -> None:
    """Note that the devices of ``batch`` spoke; a retained status says nothing of now."""
    spoke = {message.topic.device for message in batch if isinstance(message, EventMessage)}
    known = sorted(device for device in spoke if registry.refusal(device) is None)
    if known:
        conn.execute(update(devices).where(devices.c.device.in_(known)).values(last_seen=now))


def _status(conn: Connection, device: str, status: Status) -> None:
    """A later connection wins; within one, offline is the last word."""
    newer = devices.c.connection < status.connection
    if status.state == "offline":
        newer = or_(newer, devices.c.connection == status.connection)
    row = update(devices).where(devices.c.device == device, newer)
    conn.execute(row.values(state=status.state[:16], connection=status.connection[:64]))
