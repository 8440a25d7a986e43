"""One transaction for a batch, and what becomes of a batch that fails.

It is tried again in pieces, and a piece that fails one message at a time under savepoints; a
message that fails again goes to quarantine. So one that is poison costs its piece, and nobody
else waits long for the ledger. A ledger that cannot be written is no message's fault: that is
raised, nothing is acknowledged, and the batch comes again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from hub_server.alerting.book import Book, Draft
from hub_server.ingest.types import Message
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger, LedgerBusyError
from hub_server.ledger.lease import LeaseHeldError
from hub_server.pipeline import quarantine, sequences
from hub_server.pipeline.journey import run_stages
from hub_server.pipeline.measuring import Measures
from hub_server.pipeline.rate import RateLimit
from hub_server.pipeline.refusals import Refusals
from hub_server.pipeline.registry import Registries
from hub_server.pipeline.work import Clock, Parts, Work

log = structlog.get_logger("pipeline")
PIECE = 200
"""Messages of a piece: one by one they hold the ledger for about a second."""
NO_FAULT_OF_A_MESSAGE = (OperationalError, LedgerBusyError, LeaseHeldError)
Replay = Callable[[Connection], None]
"""Takes messages out of quarantine, in the transaction that takes them in."""


class Right(Protocol):
    """The right to write: a lease of the source, or the newest epoch of a partition."""

    def check(self, conn: Connection) -> None:
        """Inside each transaction.

        Raises:
            LeaseHeldError: it is somebody else's by now.
        """


@dataclass
class Standing:
    """What stays from batch to batch; belongs to one thread."""

    ledger: Ledger
    parts: Parts
    clock: Clock
    right: Right | None
    book: Book
    registries: Registries
    rate: RateLimit | None
    measures: Measures
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def lane(self) -> str:
        """What its writes name."""
        return self.parts.share.lane if self.parts.share else ""

    def begin(self, batch: list[Message], replay: Replay | None = None) -> Work:
        """One pass; what is replayed is not counted again."""
        rate, now = None if replay else self.rate, self.clock()
        return Work(batch, now, self.book.draft(), rate=rate, replayed=replay is not None)

    def close(self, conn: Connection, draft: Draft) -> None:
        """The end of each transaction: whether it is still ours to write, and what rules remember.

        Raises:
            LeaseHeldError: it is not.
        """
        if self.right:
            self.right.check(conn)
        draft.save(conn)

    def adopt(self, work: Work) -> None:
        """It is committed: remember it."""
        self.book.adopt(work.draft.changes)
        sequences.remember(self.registries.spans, work.spans, work.now)
        self.measures.told(work.told)


def take_in(standing: Standing, batch: list[Message]) -> Work:
    """Put ``batch`` into the ledger, all that can be.

    Raises:
        OperationalError, LedgerBusyError, LeaseHeldError: the ledger cannot be written now; what
            pieces before were kept come again, and are known then.
    """
    try:
        return together(standing, batch)
    except NO_FAULT_OF_A_MESSAGE:
        raise
    except Exception:  # whatever one message caused: find out which
        log.exception("batch failed, in smaller pieces now", messages=len(batch))
    if len(batch) <= PIECE:
        return one_by_one(standing, batch)
    whole, *others = [
        take_in(standing, batch[at : at + PIECE]) for at in range(0, len(batch), PIECE)
    ]
    for one in others:
        _join(whole, one)
        whole.laps.add(one.laps)
    return whole


def together(standing: Standing, batch: list[Message], replay: Replay | None = None) -> Work:
    """All in one, or nothing; raises what any message causes."""
    work = standing.begin(batch, replay)
    with standing.ledger.write(standing.lane) as conn:
        work.laps.end("wait")
        if replay:
            replay(conn)
        run_stages(conn, work, standing.parts, standing.registries)
        _account(conn, standing, work)
        standing.close(conn, work.draft)
    work.laps.end("commit")
    standing.adopt(work)
    return work


def one_by_one(standing: Standing, batch: list[Message], replay: Replay | None = None) -> Work:
    """In one transaction too, each message under a savepoint of its own."""
    total = standing.begin(batch, replay)
    with standing.ledger.write(standing.lane) as conn:
        total.laps.end("wait")
        if replay:
            replay(conn)
        for message in batch:
            _alone(conn, standing, message, total)
        counters.add_all(conn, total.counts)
        _account(conn, standing, total)
        quarantine.bound(conn, standing.parts.quarantine_rows)
        standing.close(conn, total.draft)
    total.laps.end("commit")
    standing.adopt(total)
    return total


def _alone(conn: Connection, standing: Standing, message: Message, total: Work) -> None:
    work = Work([message], total.now, Draft(total.draft))
    work.rate, work.replayed, work.laps = total.rate, total.replayed, total.laps
    try:
        with conn.begin_nested():
            run_stages(conn, work, standing.parts, standing.registries)
    except OperationalError:
        raise
    except Exception as error:  # poison: it is kept aside with its reason, the others go on
        log.exception("message set aside", topic=message.received.topic)
        detail = f"{type(error).__name__}: {error}"
        quarantine.put_aside(conn, message, "failed", detail, total)
        total.counts["received"] += 1
        return
    total.draft.adopt(work.draft.changes)
    total.refused.update(work.refused)
    total.told.update(work.told)
    _join(total, work)


def _join(total: Work, work: Work) -> None:
    """What is said of both together: to the senders, and in the figures."""
    total.receipts.update(work.receipts)
    total.kept += work.kept
    total.changed = total.changed or work.changed


def _account(conn: Connection, standing: Standing, work: Work) -> None:
    """What a batch says of its senders: what came, who was refused; and what it put aside."""
    kept, memory = work.receipts.kept, standing.registries.spans
    work.spans = sequences.note(conn, kept, work.now, memory)
    standing.refusals.note(conn, work.refused, work.now)
    if work.counts["quarantined"]:
        quarantine.bound(conn, standing.parts.quarantine_rows)
