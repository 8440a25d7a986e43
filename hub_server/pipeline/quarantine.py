"""Messages nobody can use are kept with their reason, up to a bound."""

from datetime import datetime

import structlog
from sqlalchemy import Connection, delete, func, insert, select

from hub_server.ingest.types import Message, RefusedMessage, StateMessage
from hub_server.ledger import counters
from hub_server.ledger.tables import quarantine
from hub_server.pipeline.work import Work

log = structlog.get_logger("pipeline")
DETAIL_LIMIT = 2000


def put_aside(conn: Connection, message: Message, reason: str, detail: str, work: Work) -> None:
    """Keep ``message`` in quarantine and acknowledge it: it is kept."""
    received = message.received
    device, sequence = _who(message)
    conn.execute(
        insert(quarantine).values(
            received_at=received.at,
            topic=received.topic[:512],
            device=device,
            reason=reason,
            detail=detail[:DETAIL_LIMIT],
            payload=received.payload,
        )
    )
    work.counts["quarantined"] += 1
    if sequence is not None and device:
        work.receipts.add(device, *sequence)


PIECE = 500
"""Rows dropped in one transaction when there are too many bytes."""


def bound(conn: Connection, limit: int) -> int:
    """Drop the oldest messages beyond ``limit``; how many. They are counted."""
    excess = int(conn.scalar(select(func.count()).select_from(quarantine)) or 0) - limit
    return _drop_oldest(conn, excess) if excess > 0 else 0


def bound_bytes(conn: Connection, limit: int) -> int:
    """Drop a piece of the oldest messages while they hold more than ``limit`` bytes; how many."""
    held = conn.scalar(select(func.sum(func.length(quarantine.c.payload)))) or 0
    return _drop_oldest(conn, PIECE) if held > limit else 0


def _drop_oldest(conn: Connection, count: int) -> int:
    oldest = select(quarantine.c.seq).order_by(quarantine.c.seq).limit(count)
    gone = conn.execute(delete(quarantine).where(quarantine.c.seq.in_(oldest))).rowcount
    counters.add(conn, "quarantine_dropped", gone)
    log.error("quarantine full, oldest dropped", dropped=gone)
    return int(gone)


def since(conn: Connection, start: datetime) -> int:
    """How many messages went to quarantine since ``start``: for the health page."""
    query = select(func.count()).select_from(quarantine).where(quarantine.c.received_at >= start)
    return int(conn.scalar(query) or 0)


def _who(message: Message) -> tuple[str, tuple[str, int] | None]:
    if isinstance(message, RefusedMessage):
        return message.device, message.sequence
    if isinstance(message, StateMessage):
        return message.topic.device, None
    return message.topic.device, (message.envelope.epoch, message.sequence)
