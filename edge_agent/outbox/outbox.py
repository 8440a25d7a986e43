"""The messages that wait for the hub.

A row is *waiting* until a broker has it (PUBACK), then *sent*; it is deleted only when the
hub's own acknowledgement covers it. What stays unconfirmed is due again after a reconnect or
``Limits.resend_s``.
"""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from edge_agent.clock import Moment, new_id
from edge_agent.outbox import bounds, timing
from edge_agent.outbox.database import Database
from edge_agent.outbox.draft import Draft
from edge_agent.outbox.lanes import lane_health
from edge_agent.outbox.pictures import enqueue
from edge_agent.outbox.rows import ROW_OVERHEAD, Row, insert
from edge_agent.outbox.sending import Flight
from linli_contract.envelope import Envelope
from linli_contract.payloads import AckRange, LaneHealth

_ENVELOPE_BYTES = 500  # about what an envelope adds to its data


@dataclass(frozen=True)
class Limits:
    """Bounds of the outbox."""

    max_bytes: int = 500_000_000
    max_age_s: float = 7 * 86400.0
    resend_s: float = 60.0
    """Seconds after which a sent row that the hub has not confirmed is due again."""
    lane_window: int = 1000
    """Rows of one lane that may be sent and unconfirmed at a time."""


class Outbox:
    """Thread-safe; every method commits before it returns.

    What is appended or dropped is then on the disk; what is marked sent or confirmed a power cut
    may forget, and it is sent once more.

    Args:
        database: the open file.
        source: the device's ``source`` attribute.
        limits: its bounds.
        mint_id: ids of tombstones.
    """

    def __init__(
        self,
        database: Database,
        source: str,
        limits: Limits | None = None,
        mint_id: Callable[[], str] = new_id,
    ) -> None:
        self.wake = threading.Event()
        """Set whenever something may be due."""
        self._db = database
        self._source = source
        self._limits = limits or Limits()
        self._mint_id = mint_id
        self._flight = Flight(self._limits.lane_window)

    @property
    def epoch(self) -> str:
        return self._db.epoch

    def append(self, draft: Draft, now: Moment) -> Envelope:
        """Number and keep one message; it is on the disk when this returns.

        Raises:
            OutboxError: it could not be kept.
        """
        with self._db.transaction() as db:
            envelope = self._insert(db, draft, now)
        self.wake.set()
        return envelope

    def append_all(self, drafts: Iterable[tuple[Draft, Moment]]) -> list[Envelope]:
        """As :func:`append`, of several in one commit: all are kept or none.

        Raises:
            OutboxError: they could not be kept.
        """
        with self._db.transaction() as db:
            envelopes = [self._insert(db, draft, now) for draft, now in drafts]
        self.wake.set()
        return envelopes

    def _insert(self, db: sqlite3.Connection, draft: Draft, now: Moment) -> Envelope:
        needed = len(bytes(draft.data)) + _ENVELOPE_BYTES + ROW_OVERHEAD
        for dropped in bounds.make_room(db, needed, self._limits.max_bytes):
            self._bury(dropped, now)
        envelope = insert(db, draft, self._source, self._db.epoch, now)
        enqueue(db, draft.pictures, envelope.number, now)
        return envelope

    def take(self, now: float, limit: int) -> list[Row]:
        """At most ``limit`` rows that are due, most important lane first, oldest first.

        They count as in flight until :meth:`mark_sent`, :meth:`mark_refused` or :meth:`reset`.

        Args:
            now: monotonic seconds.
        """
        with self._db.reading() as db:
            return self._flight.due(db, now, limit)

    def mark_sent(self, sequences: Collection[int], now: float) -> None:
        """The broker has them (PUBACK); they stay until the hub confirms."""
        self._mark(sequences, now, sent=True)

    def mark_refused(self, sequences: Collection[int], now: float) -> None:
        """The broker refused them; they stay unsent and are tried again later."""
        self._mark(sequences, now, sent=False)

    def _mark(self, sequences: Collection[int], now: float, sent: bool) -> None:
        with self._db.transaction(durable=False) as db:
            self._flight.mark(db, sequences, now + self._limits.resend_s, sent)

    def reset(self) -> None:
        """A new connection: all that was sent and is unconfirmed is due again, in its order.

        What was refused keeps its time, so that it does not come first on every connection.
        """
        with self._db.transaction(durable=False) as db:
            self._flight.reset(db)
        self.wake.set()

    def confirm(self, ranges: Iterable[AckRange]) -> int:
        """Delete what the hub has; how many rows that were.

        A range of another epoch is ignored, and so are rows that no broker was ever given:
        the hub cannot have them.
        """
        ours = [item for item in ranges if item.epoch == self._db.epoch]
        with self._db.transaction(durable=False) as db:
            count, gone = self._flight.confirm(db, ours)
        self._flight.release(gone)
        self.wake.set()
        return count

    def delete(self, sequences: Collection[int]) -> None:
        """Forget rows on the broker's word alone: only the control of a loss test does this."""
        with self._db.transaction() as db:
            db.executemany("DELETE FROM rows WHERE sequence = ?", [(s,) for s in sequences])
            self._flight.release(sequences)

    def tend(self, now: Moment) -> None:
        """Give rows their true time once the clock is set, and drop what is too old."""
        with self._db.transaction() as db:
            if timing.settle(db, now):
                self.wake.set()
            if now.clock_set:
                oldest = now.wall.timestamp() - self._limits.max_age_s
                for dropped in bounds.drop_older(db, oldest):
                    self._bury(dropped, now)

    def report_dropped(self, dropped: bounds.Dropped, now: Moment) -> None:
        """Count something another part had to drop (a picture) and keep a tombstone for it."""
        with self._db.transaction():
            self._bury(dropped, now)
        self.wake.set()

    def _bury(self, dropped: bounds.Dropped, now: Moment) -> None:
        with self._db.reading() as db:
            bounds.bury(
                db, dropped, self._source, self.epoch, now, self._mint_id(), self._flight.sequences
            )

    def lanes(self, now: Moment) -> tuple[LaneHealth, ...]:
        """What each lane holds."""
        with self._db.reading() as db:
            return lane_health(db, now)

    def count(self) -> int:
        """Rows not yet confirmed by the hub."""
        with self._db.reading() as db:
            return int(db.execute("SELECT count(*) FROM rows").fetchone()[0])
