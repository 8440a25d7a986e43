"""The inbox: every message once, by (device, id)."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from hub_server.ledger.tables import inbox
from hub_server.ledger.upsert import insert
from hub_server.pipeline.arrivals import Timed


def store(conn: Connection, batch: Sequence[Timed]) -> list[Timed]:
    """Write a batch in one statement; those that were not there yet, in order.

    Nobody else writes while this transaction does, so what has a higher ``seq`` than the newest
    row before is what this batch added.
    """
    unique = {(one.message.topic.device, one.message.envelope.id): one for one in reversed(batch)}
    if not unique:
        return []
    once = list(reversed(unique.values()))
    newest = conn.scalar(select(func.max(inbox.c.seq))) or 0
    row = insert(conn, inbox).on_conflict_do_nothing(index_elements=["device", "id"])
    if conn.execute(row, [_row(one) for one in once]).rowcount == len(once):
        return once
    added = conn.execute(select(inbox.c.device, inbox.c.id).where(inbox.c.seq > newest))
    return [unique[device, name] for device, name in added]


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
