"""The inbox: every message once, by (device, id)."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, bindparam, func, select

from hub_server.ledger.bulk import insert_new_rows
from hub_server.ledger.tables import inbox
from hub_server.ledger.upsert import insert
from hub_server.pipeline.arrivals import Timed


def store(conn: Connection, batch: Sequence[Timed]) -> list[Timed]:
    """Write a batch in one statement; those that were not there yet, in order."""
    unique = {(one.message.topic.device, one.message.envelope.id): one for one in reversed(batch)}
    if not unique:
        return []
    rows = [_row(one) for one in reversed(unique.values())]
    new = _store_alone(conn, rows) if conn.dialect.name == "sqlite" else _store(conn, rows)
    if len(new) == len(unique):  # as nearly always
        return list(reversed(unique.values()))
    return [one for key, one in reversed(unique.items()) if key in new]


def _store(conn: Connection, rows: Sequence[Sequence[object]]) -> Collection[object]:
    row = insert(conn, inbox).on_conflict_do_nothing(index_elements=["device", "id"])
    named = [dict(zip(_NAMES, values, strict=True)) for values in rows]
    return {(one.device, one.id) for one in conn.execute(row.returning(*_KEY), named)}


def _store_alone(conn: Connection, rows: Sequence[Sequence[object]]) -> Collection[object]:
    """The same where no other write runs beside this one: what came is what is newer."""
    newest = conn.execute(_NEWEST).scalar() or 0
    if insert_new_rows(conn, inbox, _NAMES, rows) == len(rows):
        return [row[:2] for row in rows]
    return {(one.device, one.id) for one in conn.execute(_NEWER, {"newest": newest})}


_KEY = (inbox.c.device, inbox.c.id)
_NEWEST = select(func.max(inbox.c.seq))
_NEWER = select(*_KEY).where(inbox.c.seq > bindparam("newest"))
_NAMES = (
    "device",
    "id",
    "type",
    "subject",
    "time",
    "received_at",
    "epoch",
    "sequence",
    "late",
    "payload",
)


def _row(one: Timed) -> Sequence[object]:
    message, envelope = one.message, one.message.envelope
    return (
        message.topic.device,
        envelope.id,
        envelope.type,
        envelope.subject,
        envelope.time,
        message.received.at,
        envelope.epoch,
        message.sequence,
        one.late or one.aged,
        message.received.payload,
    )
