"""What is old enough goes, a small piece a transaction, and is counted.

A message's bytes go first, when the replay time is over; its key stays for the dedupe window, or
a message sent again would count twice. Nothing reads the inbox behind a cursor: what goes out and
the time series have rows of their own.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import audit, cursors, inbox, observations, tombstones
from hub_server.ledger.upsert import insert
from hub_server.pipeline import quarantine, sequences
from hub_server.pipeline.journal import prune_journal
from hub_server.pipeline.prune_alerts import drop_alerts, drop_rule_sets, drop_silences

PIECE = 500
"""Rows of one transaction: the write lock is held for a few milliseconds (docs/ingest.md)."""
BUDGET_S = 20.0
"""Of one round; the next one, a minute later, goes on."""
GIVE_WAY_S = 0.01
"""Between two pieces: who waits for the write lock takes it."""
PAYLOADS = "inbox/payload"
"""The cursor up to which payloads are gone."""


@dataclass(frozen=True)
class Ages:
    """How long what is kept."""

    dedupe_s: float
    """Keys of messages, and observations that ended."""
    replay_s: float
    """Bytes of messages."""
    audit_s: float
    """The audit log and tombstones."""
    quarantine_bytes: int
    alerts_s: float = 400 * 86400.0
    """Alerts that are over, and silences."""


def prune_all(ledger: Ledger, now: datetime, ages: Ages) -> int:
    """Drop what is too old, piece after piece; how many rows it was."""
    end, count = time.monotonic() + BUDGET_S, 0
    for piece in _pieces(now, ages):
        gone = PIECE
        while gone >= PIECE and time.monotonic() < end:
            with ledger.write() as conn:
                gone = piece(conn)
            count += gone
            time.sleep(GIVE_WAY_S)
    return count


def _pieces(now: datetime, ages: Ages) -> Iterator[Callable[[Connection], int]]:
    dedupe, audited = now - timedelta(seconds=ages.dedupe_s), now - timedelta(seconds=ages.audit_s)
    yield lambda conn: empty(conn, now - timedelta(seconds=ages.replay_s))
    yield lambda conn: prune(conn, now, ages.dedupe_s)
    yield lambda conn: _drop(conn, audited)
    yield lambda conn: quarantine.bound_bytes(conn, ages.quarantine_bytes)
    alerted = now - timedelta(seconds=ages.alerts_s)
    yield lambda conn: drop_alerts(conn, alerted)
    yield lambda conn: drop_silences(conn, alerted)
    yield drop_rule_sets
    yield lambda conn: _few(sequences.forget(conn, now), prune_journal(conn, dedupe))


def _few(*_: object) -> int:
    """Tables so small that one statement does."""
    return 0


def prune(conn: Connection, now: datetime, window_s: float) -> int:
    """Drop a piece of inbox rows and ended observations older than the dedupe window; how many.

    The window is never shorter than an edge's longest outbox age, or a message sent again
    would count twice.
    """
    limit = now - timedelta(seconds=window_s)
    oldest = select(inbox.c.seq, inbox.c.received_at).order_by(inbox.c.seq).limit(PIECE).subquery()
    old = select(oldest.c.seq).where(oldest.c.received_at < limit)
    count = conn.execute(delete(inbox).where(inbox.c.seq.in_(old))).rowcount
    ended = select(observations.c.id).where(observations.c.ended_at < limit).limit(PIECE)
    count += conn.execute(delete(observations).where(observations.c.id.in_(ended))).rowcount
    if count:
        counters.add(conn, "pruned", count)
    return int(count)


def empty(conn: Connection, limit: datetime) -> int:
    """Drop the bytes of a piece of messages that came before ``limit``; how many."""
    at = conn.scalar(select(cursors.c.position).where(cursors.c.name == PAYLOADS)) or 0
    query = select(inbox.c.seq, inbox.c.received_at).where(inbox.c.seq > at).order_by(inbox.c.seq)
    found = conn.execute(query.limit(PIECE)).all()
    old = [seq for seq, received_at in found if received_at < limit]
    if not old:
        return 0
    conn.execute(update(inbox).where(inbox.c.seq.in_(old)).values(payload=b""))
    row = insert(conn, cursors).values(name=PAYLOADS, position=old[-1])
    conn.execute(
        row.on_conflict_do_update(index_elements=["name"], set_={"position": row.excluded.position})
    )
    return len(old)


def _drop(conn: Connection, limit: datetime) -> int:
    """Drop a piece of the audit log and of tombstones from before ``limit``; how many."""
    lines = select(audit.c.seq, audit.c.at).order_by(audit.c.seq).limit(PIECE).subquery()
    old = select(lines.c.seq).where(lines.c.at < limit)
    count = conn.execute(delete(audit).where(audit.c.seq.in_(old))).rowcount
    stones = select(tombstones.c.seq).where(tombstones.c.received_at < limit).limit(PIECE)
    count += conn.execute(delete(tombstones).where(tombstones.c.seq.in_(stones))).rowcount
    return int(count)
