"""One row of the outbox: how an envelope is numbered, written and rewritten."""

import sqlite3
from dataclasses import dataclass

from edge_agent.clock import Moment
from edge_agent.outbox.draft import Draft, Lane
from linli_contract.envelope import Envelope, encode, format_sequence, schema_of
from linli_contract.topics import build

ROW_OVERHEAD = 200
"""Bytes that a row takes beside its message, indexes included; counted against the bound."""


@dataclass(frozen=True)
class Row:
    """One message due to be sent."""

    sequence: int
    lane: Lane
    topic: str
    body: bytes


def next_sequence(db: sqlite3.Connection) -> int:
    """One more than any number ever given in this epoch, those of deleted rows included."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'rows'").fetchone()
    return int(row[0]) + 1 if row else 1


def make_envelope(draft: Draft, source: str, epoch: str, sequence: int) -> Envelope:
    """The draft with its place in the epoch."""
    return Envelope(
        id=draft.id,
        source=source,
        type=draft.type,
        subject=draft.subject,
        time=draft.time,
        sequence=format_sequence(sequence),
        epoch=epoch,
        dataschema=schema_of(draft.kind),
        data=draft.data,
    )


def insert(db: sqlite3.Connection, draft: Draft, source: str, epoch: str, now: Moment) -> Envelope:
    """Write the draft as the newest row; one made while the clock is not set waits for it."""
    sequence = next_sequence(db)
    envelope = make_envelope(draft, source, epoch, sequence)
    body = encode(envelope)
    topic = build(envelope.county, envelope.device, draft.channel, draft.name)
    boot, anchor = (None, None) if now.clock_set else (now.boot, now.anchor)
    db.execute(
        "INSERT INTO rows (sequence, lane, topic, body, size, created_at, boot, anchor)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sequence,
            int(draft.lane),
            topic,
            body,
            len(body) + ROW_OVERHEAD,
            now.wall.timestamp(),
            boot,
            anchor,
        ),
    )
    return envelope
