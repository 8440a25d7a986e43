"""The pipeline: batches and ticks through the hub's journey, one at a time.

:mod:`hub_server.pipeline.journey` is the list of stages, :mod:`hub_server.pipeline.taking` the
transaction around it and what becomes of a batch that fails,
:mod:`hub_server.pipeline.replaying` what quarantine gives back.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection

from hub_server.alerting.book import Book, Draft
from hub_server.alerting.inputs import Tick
from hub_server.ingest.types import Message
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.pipeline import observations
from hub_server.pipeline.forgetting import Forgetting, outlived
from hub_server.pipeline.journal import Journal
from hub_server.pipeline.journey import run_tick
from hub_server.pipeline.measuring import Laps, Measures
from hub_server.pipeline.opening import open_incidents
from hub_server.pipeline.rate import RateLimit
from hub_server.pipeline.registry import Registries
from hub_server.pipeline.replaying import replay
from hub_server.pipeline.taking import Right, Standing, take_in
from hub_server.pipeline.taking_up import Waiting
from hub_server.pipeline.work import Clock, Parts, Receipts, Work


def rate_limit(parts: Parts) -> RateLimit | None:
    """The buckets of ``parts``; None where nothing is counted."""
    return RateLimit(parts.rate, parts.rules, parts.limits) if parts.rate else None


Apply = Callable[[Connection, Book, Draft], None]
"""What a change of rules does to the ledger and to what the old ones remember."""


class Pipeline:
    """Runs batches and ticks, one at a time; belongs to one thread."""

    def __init__(
        self, ledger: Ledger, parts: Parts, clock: Clock, lease: Right | None = None
    ) -> None:
        with ledger.read() as conn:
            book = Book.read(conn, set(parts.share.communities) if parts.share else None)
        self._standing = Standing(
            ledger,
            parts,
            clock,
            lease,
            book,
            Registries(parts.areas),
            rate_limit(parts),
            Measures(parts.meter),
        )
        book.forget(self._unknown_rules())
        self._timers = (0, 0)
        self._waiting = Waiting()
        self._forgetting = Forgetting()
        self._journal = Journal(self._standing.lane)
        self._planned: tuple[Parts, Apply] | None = None

    @property
    def parts(self) -> Parts:
        """What is in force."""
        return self._standing.parts

    @property
    def timers(self) -> tuple[int, int]:
        """How many wait, and how many were due at the last tick."""
        return self._timers

    def plan(self, parts: Parts, apply: Apply) -> None:
        """Switch before the first batch or tick: only then is the source surely ours."""
        self._planned = (parts, apply)

    def switch(self, parts: Parts, apply: Apply) -> None:
        """Go on with ``parts`` from the next batch; ``apply`` runs in the same transaction.

        Raises:
            OperationalError: the ledger cannot be written now; the old parts stay in force.
            LeaseHeldError: another process reads this source by now; the same.
        """
        self._begin()
        self._switch(parts, apply)

    def _switch(self, parts: Parts, apply: Apply) -> None:
        draft = self._standing.book.draft()
        with self._write() as conn:
            apply(conn, self._standing.book, draft)
            self._standing.close(conn, draft)
        self._standing.book.adopt(draft.changes)
        self._standing.parts = parts
        self._standing.registries = Registries(parts.areas)
        self._standing.rate = rate_limit(parts)
        self._standing.book.remind()
        self._standing.book.forget(self._unknown_rules())

    def _write(self) -> AbstractContextManager[Connection]:
        return self._standing.ledger.write(self._standing.lane)

    def _begin(self) -> None:
        if self._planned is not None:
            self._switch(*self._planned)
            self._planned = None

    def run(self, batch: Sequence[Message]) -> tuple[Receipts, bool]:
        """Take a batch in; what is kept, and whether anything changed for people.

        Raises:
            OperationalError: the ledger cannot be written now; nothing counts as kept.
            LeaseHeldError: another process reads this source by now; likewise.
        """
        self._begin()
        work = take_in(self._standing, list(batch))
        self._standing.measures.batch(batch, work.laps)
        self._standing.measures.kept(work.kept, self._standing.clock())
        return work.receipts, work.changed

    def tick(self, tick: Tick) -> bool:
        """Let the clock pass; whether anything changed. Costs a read when nothing is due."""
        laps = Laps()
        changed = self._pass(tick) | self._forget(tick.now)
        laps.end("tick")
        self._standing.measures.tick(laps)
        return changed

    def _pass(self, tick: Tick) -> bool:
        self._begin()
        replayed = self.replay()
        due = self._standing.book.due(tick.now)
        self._timers = (self._standing.book.timers, len(due))
        freed = self._freed(tick)
        if not due and not freed and not self._overdue(tick):
            self._note(tick)
            return replayed
        work = Work([], tick.now, self._standing.book.draft(), tick)
        with self._write() as conn:
            run_tick(conn, work, tick, due, self._standing.parts)
            if freed:
                self._waiting.take_up(conn, work, self._standing.parts, self._standing.registries)
            self._journal.note(conn, tick)
            self._standing.close(conn, work.draft)
        self._journal.kept(tick)
        if freed:
            self._waiting.done()
        self._standing.adopt(work)
        self._standing.book.forget(self._standing.parts.rules.broken)
        return work.changed or replayed

    def _forget(self, now: datetime) -> bool:
        """Drop a piece of what no rule needs any more; whether alerts ended with it."""
        states = self._forgetting.piece(self._standing.book, now)
        if not states:
            return False
        with self._standing.ledger.read() as conn:
            draft = outlived(conn, self._standing.book, states, self._standing.parts, now)
        if not draft.changes:
            return False
        work = Work([], now, draft)
        with self._write() as conn:
            open_incidents(conn, work, self._standing.parts)
            counters.add(conn, "states_forgotten", len(draft.changes))
            self._standing.close(conn, draft)
        self._standing.adopt(work)
        return work.changed

    def replay(self) -> bool:
        """Take a piece of what quarantine was asked to give back; whether there was any."""
        return replay(self._standing)

    def _note(self, tick: Tick) -> None:
        if self._journal.due(tick):
            with self._write() as conn:
                self._journal.note(conn, tick)
            self._journal.kept(tick)

    def _freed(self, tick: Tick) -> bool:
        with self._standing.ledger.read() as conn:
            return self._waiting.news(conn, self._standing.parts, tick.now)

    def _overdue(self, tick: Tick) -> bool:
        with self._standing.ledger.read() as conn:
            late = observations.overdue(
                conn, tick, self._standing.parts.renew_s, self._standing.parts.share
            )
        return bool(late)

    def _unknown_rules(self) -> set[str]:
        known = {rule.spec.name for rule in self._standing.parts.rules.rules}
        return self._standing.book.rules_due() - known
