"""States and answers of devices: no events, ordered by connection, timed by the hub."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, bindparam, insert, or_, update

from hub_server.devices.desired import note_reported
from hub_server.devices.orders import note_reply
from hub_server.ingest.types import EventMessage, StateMessage
from hub_server.ledger import counters
from hub_server.ledger.tables import audit, devices
from linli_contract.payloads import Health, Reply, Status, TwinReported

_HEALTH = (
    update(devices)
    .where(
        devices.c.device == bindparam("_device"),
        or_(devices.c.health.is_(None), devices.c.health["time"].as_string() <= bindparam("_time")),
    )
    .values(health=bindparam("_health"))
)
_SEEN = (
    update(devices)
    .where(devices.c.device.in_(bindparam("_names", expanding=True)))
    .values(last_seen=bindparam("_now"))
)


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
            note_reported(conn, device, twin, now)
        case Reply() as reply:
            counters.add(conn, "replies")
            note_reply(conn, device, reply, now)
            conn.execute(
                insert(audit).values(
                    at=now,
                    actor=device,
                    action="reply",
                    object=reply.id[:128],
                    detail=msgspec.to_builtins(reply),
                )
            )


def healths(conn: Connection, told: Sequence[tuple[EventMessage, Health]]) -> None:
    """Keep the newest health of each device, with its time."""
    newest: dict[str, dict[str, object]] = {}
    for message, payload in told:
        time, device = message.envelope.time.isoformat(), message.topic.device
        if device not in newest or str(newest[device]["time"]) <= time:
            newest[device] = {"time": time, **msgspec.to_builtins(payload)}
    rows = [
        {"_device": device, "_time": health["time"], "_health": health}
        for device, health in newest.items()
    ]
    conn.execute(_HEALTH, rows)


def seen(conn: Connection, spoke: Iterable[EventMessage], now: datetime) -> None:
    """Note that devices spoke; a retained status says nothing of now."""
    names = sorted({message.topic.device for message in spoke})
    if names:
        conn.execute(_SEEN, {"_names": names, "_now": now})


def _status(conn: Connection, device: str, status: Status) -> None:
    """A later connection wins; within one, offline is the last word."""
    newer = devices.c.connection < status.connection
    if status.state == "offline":
        newer = or_(newer, devices.c.connection == status.connection)
    row = update(devices).where(devices.c.device == device, newer)
    conn.execute(row.values(state=status.state[:16], connection=status.connection[:64]))
