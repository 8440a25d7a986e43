"""What was delivered long ago goes; what waits or was refused stays until somebody acts."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select

from hub_server.ledger.tables import outbound

KEPT = timedelta(days=30)
PIECE = 5000
"""Rows of one transaction: a prune never holds up the flow for long."""


def prune_outbound(conn: Connection, now: datetime) -> int:
    """Drop rows delivered more than 30 days ago, a bounded piece; how many.

    No key comes again after that: a step is queued once, in the transaction that writes it.
    """
    old = select(outbound.c.seq).where(outbound.c.done_at < now - KEPT).limit(PIECE)
    return int(conn.execute(delete(outbound).where(outbound.c.seq.in_(old))).rowcount)
