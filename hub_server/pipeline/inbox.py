"""The inbox: every message once, by (device, id)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from hub_server.ledger.tables import inbox
from hub_server.ledger.upsert import insert
from hub_server.pipeline.arrivals import Timed


def store(conn: Connection, batch: Sequence[Timed]) -> list[Timed]:
    """Write a batch in one statement; those that were not there yet, in order."""
    unique = {(one.message.topic.device, one.message.envelope.id): one for one in reversed(batch)}
    if not unique:
        return []
    rows = [_row(one) for one in reversed(unique.values())]
    row = insert(conn, inbox).on_conflict_do_nothing(index_elements=["device", "id"])
    added = conn.execute(row.returning(inbox.c.device, inbox.c.id), rows)
    new = {(device, name) for device, name in added}
    return [one for key, one in reversed(unique.items()) if key in new]


def _row(one: Timed) -> dict[str, object]:
    message, envelope = one.message, one.message.envelope
    return {
        "device": message.topic.device,
        "id": envelope.id,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time,
        "received_at": message.received.at,
        "epoch": envelope.epoch,
        "sequence": message.sequence,
        "late": one.late or one.aged,
        "payload": message.received.payload,
    }
