"""Messages nobody can use are kept with their reason, up to a bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    delete,
    func,
    insert,
    select,
    true,
    update,
)

from hub_server.ingest.types import AlertMessage, Message, Received, RefusedMessage, StateMessage
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


REPLAY = 200
"""Messages taken back in one transaction."""


class Asked(NamedTuple):
    """A message somebody asked to take in again."""

    seq: int
    received: Received


def asked(conn: Connection) -> list[Asked]:
    """The oldest messages that are to be put through the pipeline again."""
    query = select(quarantine).where(quarantine.c.replay_at.is_not(None))
    rows = conn.execute(query.order_by(quarantine.c.seq).limit(REPLAY))
    return [Asked(row.seq, Received(row.topic, row.payload, row.received_at)) for row in rows]


def give_back(conn: Connection, seqs: Sequence[int]) -> None:
    """Take messages out; what cannot be taken in now either comes back with its new reason."""
    conn.execute(delete(quarantine).where(quarantine.c.seq.in_(seqs)))
    counters.add(conn, "replayed", len(seqs))


@dataclass(frozen=True)
class Choice:
    """Which messages of the quarantine; what is None does not matter."""

    device: str | None = None
    reason: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    seqs: tuple[int, ...] = ()

    def where(self) -> ColumnElement[bool]:
        """As a condition of a query."""
        table, tests = quarantine.c, list[ColumnElement[bool]]()
        if self.device is not None:
            tests.append(table.device == self.device)
        if self.reason is not None:
            tests.append(table.reason == self.reason)
        if self.after is not None:
            tests.append(table.received_at >= self.after)
        if self.before is not None:
            tests.append(table.received_at < self.before)
        if self.seqs:
            tests.append(table.seq.in_(self.seqs))
        return and_(true(), *tests)


def chosen(conn: Connection, choice: Choice, limit: int) -> list[RowMapping]:
    """The newest of ``choice`` first."""
    query = select(quarantine).where(choice.where()).order_by(quarantine.c.seq.desc())
    return list(conn.execute(query.limit(limit)).mappings())


def ask(conn: Connection, choice: Choice, now: datetime) -> int:
    """Mark messages to be taken in again by the running hub; how many. Twice is as once."""
    mark = update(quarantine).where(choice.where(), quarantine.c.replay_at.is_(None))
    return int(conn.execute(mark.values(replay_at=now)).rowcount)


def drop(conn: Connection, choice: Choice) -> int:
    """Drop messages for good; how many."""
    return int(conn.execute(delete(quarantine).where(choice.where())).rowcount)


def since(conn: Connection, start: datetime) -> int:
    """How many messages went to quarantine since ``start``: for the health page."""
    query = select(func.count()).select_from(quarantine).where(quarantine.c.received_at >= start)
    return int(conn.scalar(query) or 0)


def _who(message: Message) -> tuple[str, tuple[str, int] | None]:
    if isinstance(message, RefusedMessage):
        return message.device, message.sequence
    if isinstance(message, StateMessage):
        return message.topic.device, None
    if isinstance(message, AlertMessage):
        return "", None
    return message.topic.device, (message.envelope.epoch, message.sequence)
