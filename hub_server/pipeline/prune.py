"""What is old enough goes, a bounded piece at a time, and is counted."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from hub_server.ledger import counters
from hub_server.ledger.tables import inbox, observations
from hub_server.pipeline.journal import prune_journal

PIECE = 5000
"""Rows looked at in one transaction: a prune never holds up the flow for long."""


def prune(conn: Connection, now: datetime, window_s: float) -> int:
    """Drop inbox rows and ended observations older than the dedupe window; how many.

    The window is never shorter than an edge's longest outbox age, or a message sent again
    would count twice.
    """
    limit = now - timedelta(seconds=window_s)
    oldest = select(inbox.c.seq, inbox.c.received_at).order_by(inbox.c.seq).limit(PIECE).subquery()
    old = select(oldest.c.seq).where(oldest.c.received_at < limit)
    count = conn.execute(delete(inbox).where(inbox.c.seq.in_(old))).rowcount
    gone = observations.c.ended_at < limit
    count += conn.execute(delete(observations).where(gone)).rowcount
    prune_journal(conn, limit)
    if count:
        counters.add(conn, "pruned", count)
    return int(count)
