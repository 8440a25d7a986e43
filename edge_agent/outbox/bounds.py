"""What the bounded outbox drops, and the tombstone that says so.

Telemetry goes first, oldest first; then events; life-safety last. A tombstone that was never
handed to a broker takes in what is dropped after it, so that they stay few.
"""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from edge_agent.clock import Moment
from edge_agent.outbox.draft import Draft, Lane
from edge_agent.outbox.rows import insert
from linli_contract.envelope import decode, decode_data, encode_data
from linli_contract.event_types import TOMBSTONE, envelope_type
from linli_contract.payloads import Tombstone
from linli_contract.topics import Channel

SLACK = 10
"""A full outbox frees a tenth of its bound at once: one tombstone for many rows."""
SIZE, AGE = "outbox_full", "too_old"
_OWN = "lane = ? AND dropped_lane IS NULL"


@dataclass(frozen=True)
class Dropped:
    """Rows of one lane that are gone: ``count`` of them within the range."""

    lane: str
    first: int
    last: int
    count: int
    cause: str


def make_room(db: sqlite3.Connection, needed: int, max_bytes: int) -> list[Dropped]:
    """Drop the oldest rows of the least important lanes until ``needed`` bytes fit."""
    used = int(db.execute("SELECT bytes FROM used").fetchone()[0])
    excess = used + needed - max_bytes
    dropped = []
    for lane in sorted(Lane, reverse=True):
        if excess <= 0:
            break
        freed, rows = _drop_oldest(db, lane, excess + max_bytes // SLACK)
        excess -= freed
        dropped += rows
    return dropped


def _drop_oldest(db: sqlite3.Connection, lane: Lane, target: int) -> tuple[int, list[Dropped]]:
    freed, last = 0, 0
    query = f"SELECT sequence, size FROM rows WHERE {_OWN} ORDER BY sequence"  # noqa: S608 - constant
    for sequence, size in db.execute(query, (int(lane),)):
        freed, last = freed + size, sequence
        if freed >= target:
            break
    return freed, _drop(db, lane, "sequence <= ?", last, SIZE)


def drop_older(db: sqlite3.Connection, created_before: float) -> list[Dropped]:
    """Drop what was kept before that Unix time; rows without a true time stay."""
    condition = "created_at < ? AND anchor IS NULL"
    return [row for lane in Lane for row in _drop(db, lane, condition, created_before, AGE)]


def _drop(
    db: sqlite3.Connection, lane: Lane, condition: str, value: float, cause: str
) -> list[Dropped]:
    statement = f"DELETE FROM rows WHERE {_OWN} AND {condition} RETURNING sequence"  # noqa: S608 - constants
    gone = [int(row[0]) for row in db.execute(statement, (int(lane), value))]
    return [Dropped(lane.label, min(gone), max(gone), len(gone), cause)] if gone else []


def bury(
    db: sqlite3.Connection,
    dropped: Dropped,
    source: str,
    epoch: str,
    now: Moment,
    new_id: str,
    in_flight: Collection[int],
) -> None:
    """Count what was dropped and keep a tombstone for it."""
    db.execute(
        "INSERT INTO dropped VALUES (?, ?)"
        " ON CONFLICT (lane) DO UPDATE SET count = count + excluded.count",
        (dropped.lane, dropped.count),
    )
    stone = Tombstone(
        epoch, dropped.lane, dropped.first, dropped.last, dropped.count, dropped.cause
    )
    for sequence, body in _unsent_stones(db, dropped):
        if sequence not in in_flight:
            stone = _merge(stone, decode_data(decode(body), Tombstone))
            db.execute("DELETE FROM rows WHERE sequence = ?", (sequence,))
    made = insert(db, _draft(stone, source.rsplit("/", 1)[-1], new_id, now), source, epoch, now)
    db.execute(
        "UPDATE rows SET dropped_lane = ?, dropped_cause = ? WHERE sequence = ?",
        (stone.lane, stone.cause, made.number),
    )


def _unsent_stones(db: sqlite3.Connection, dropped: Dropped) -> list[tuple[int, bytes]]:
    query = (
        "SELECT sequence, body FROM rows WHERE dropped_lane = ? AND dropped_cause = ? AND tries = 0"
    )
    return db.execute(query, (dropped.lane, dropped.cause)).fetchall()


def _merge(a: Tombstone, b: Tombstone) -> Tombstone:
    first, last = min(a.first, b.first), max(a.last, b.last)
    return Tombstone(a.epoch, a.lane, first, last, a.count + b.count, a.cause)


def _draft(stone: Tombstone, device: str, new_id: str, now: Moment) -> Draft:
    return Draft(
        id=new_id,
        type=envelope_type(TOMBSTONE),
        subject=device,
        time=now.wall,
        kind="tombstone",
        data=encode_data(stone),
        lane=Lane.EVENTS,
        channel=Channel.EVENT,
        name=TOMBSTONE,
    )
