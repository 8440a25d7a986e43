"""The hub's journey as one list: keep → evaluate → open → enqueue, one transaction a batch.

A batch that fails is tried again one message at a time under savepoints; a message that fails
again goes to quarantine. A ledger that cannot be written is no message's fault: that is raised,
nothing is acknowledged, and the batch comes again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from hub_server.alerting.book import Book, Draft
from hub_server.alerting.engine import evaluate, evaluate_tick
from hub_server.alerting.inputs import Tick
from hub_server.alerting.second import by_stage
from hub_server.alerting.silences import maintenance
from hub_server.ingest.decode import decode
from hub_server.ingest.types import Message, device_of
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger, LedgerBusyError
from hub_server.ledger.lease import LeaseHeldError
from hub_server.pipeline import observations, quarantine, second_stage, sequences
from hub_server.pipeline.forgetting import Forgetting, outlived
from hub_server.pipeline.journal import Journal
from hub_server.pipeline.keep import keep
from hub_server.pipeline.measuring import Laps, Measures
from hub_server.pipeline.opening import open_incidents
from hub_server.pipeline.points import add_points
from hub_server.pipeline.rate import RateLimit
from hub_server.pipeline.refusals import Refusals
from hub_server.pipeline.registry import Registries, Registry
from hub_server.pipeline.taking_up import Waiting
from hub_server.pipeline.work import Clock, Parts, Receipts, Work

log = structlog.get_logger("pipeline")


def run_stages(conn: Connection, work: Work, parts: Parts, registries: Registries) -> None:
    """The journey, in order."""
    if parts.share is not None and parts.share.second:
        _run_second(conn, work, parts)
        return
    devices = {device_of(message) for message in work.batch}
    registry = registries.read(conn, devices)
    if parts.share is not None:
        mine = parts.share.of(work.batch, registry)
        work.counts["misrouted"] += len(work.batch) - len(mine)
        work.batch = mine
    keep(conn, work, registry, parts)
    work.laps.end("keep")
    work.alerts = evaluate(parts.rules, work.draft, work.arrivals, parts.limits, work.now)
    work.counts["inputs_early"] += work.draft.early
    work.laps.end("evaluate")
    told = open_incidents(conn, work, parts)
    second_stage.go_on(conn, work, parts, told)
    work.laps.end("open")
    add_points(conn, work.kept, work.alerts, registry, parts.areas)
    counters.add_all(conn, work.counts)
    work.laps.end("enqueue")


def _run_second(conn: Connection, work: Work, parts: Parts) -> None:
    """The journey of alerts that other workers handed over."""
    work.laps.end("keep")
    second_stage.take_in(conn, work, parts)
    work.laps.end("evaluate")
    add_points(conn, [], work.alerts, Registry(parts.areas, {}), parts.areas)
    counters.add_all(conn, work.counts)
    work.laps.end("enqueue")


def run_tick(
    conn: Connection, work: Work, tick: Tick, due: Sequence[tuple[str, str]], parts: Parts
) -> None:
    """The same journey for the hub's clock."""
    hushed = maintenance(conn, tick.now)
    inputs, over = by_stage(parts.rules, due)
    work.alerts = evaluate_tick(parts.rules, work.draft, inputs, tick, parts.limits, hushed)
    told = open_incidents(conn, work, parts)
    second_stage.go_on(conn, work, parts, told, (over, tick, hushed))
    ended = observations.end_overdue(conn, tick, parts.renew_s, parts.share)
    work.changed = work.changed or ended > 0
    add_points(conn, [], work.alerts, Registry(parts.areas, {}), parts.areas)


def rate_limit(parts: Parts) -> RateLimit | None:
    """The buckets of ``parts``; None where nothing is counted."""
    return RateLimit(parts.rate, parts.rules, parts.limits) if parts.rate else None


Replay = Callable[[Connection], None]
"""Takes messages out of quarantine, in the transaction that takes them in."""
Apply = Callable[[Connection, Book, Draft], None]
"""What a change of rules does to the ledger and to what the old ones remember."""


class Right(Protocol):
    """The right to write: a lease of the source, or the newest epoch of a partition."""

    def check(self, conn: Connection) -> None:
        """Inside each transaction.

        Raises:
            LeaseHeldError: it is somebody else's by now.
        """


class Pipeline:
    """Runs batches and ticks, one at a time; belongs to one thread."""

    def __init__(
        self, ledger: Ledger, parts: Parts, clock: Clock, lease: Right | None = None
    ) -> None:
        self._ledger = ledger
        self._parts = parts
        self._clock = clock
        self._lease = lease
        self._lane = parts.share.lane if parts.share else ""
        self._registries = Registries(parts.areas)
        self._refusals = Refusals()
        self._rate = rate_limit(parts)
        self._measures = Measures(parts.meter)
        self._timers = (0, 0)
        self._waiting = Waiting()
        self._forgetting = Forgetting()
        with ledger.read() as conn:
            self._book = Book.read(conn, set(parts.share.communities) if parts.share else None)
        self._book.forget(self._unknown_rules())
        self._journal = Journal(self._lane)
        self._planned: tuple[Parts, Apply] | None = None

    @property
    def parts(self) -> Parts:
        """What is in force."""
        return self._parts

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
        draft = self._book.draft()
        with self._ledger.write(self._lane) as conn:
            apply(conn, self._book, draft)
            self._close(conn, draft)
        self._book.adopt(draft.changes)
        self._parts = parts
        self._registries = Registries(parts.areas)
        self._rate = rate_limit(parts)
        self._book.remind()
        self._book.forget(self._unknown_rules())

    def _begin(self) -> None:
        if self._planned is not None:
            self._switch(*self._planned)
            self._planned = None

    def run(self, batch: Sequence[Message]) -> tuple[Receipts, bool]:
        """Take a batch in; what is kept, and whether anything changed for people.

        Raises:
            OperationalError: the ledger cannot be written now; nothing was kept.
            LeaseHeldError: another process reads this source by now; nothing was kept.
        """
        self._begin()
        try:
            work = self._together(list(batch))
        except (OperationalError, LedgerBusyError, LeaseHeldError):
            raise
        except Exception:  # whatever one message caused: find out which, below
            log.exception("batch failed, one message at a time now", messages=len(batch))
            work = self._one_by_one(list(batch))
        self._measures.batch(batch, work.laps)
        self._measures.kept(work.kept, self._clock())
        return work.receipts, work.changed

    def tick(self, tick: Tick) -> bool:
        """Let the clock pass; whether anything changed. Costs a read when nothing is due."""
        laps = Laps()
        changed = self._pass(tick) | self._forget(tick.now)
        laps.end("tick")
        self._measures.tick(laps)
        return changed

    def _pass(self, tick: Tick) -> bool:
        self._begin()
        replayed = self.replay()
        due = self._book.due(tick.now)
        self._timers = (self._book.timers, len(due))
        freed = self._freed(tick)
        if not due and not freed and not self._overdue(tick):
            self._note(tick)
            return replayed
        work = Work([], tick.now, self._book.draft(), tick)
        with self._ledger.write(self._lane) as conn:
            run_tick(conn, work, tick, due, self._parts)
            if freed:
                self._waiting.take_up(conn, work, self._parts, self._registries)
            self._journal.note(conn, tick)
            self._close(conn, work.draft)
        self._journal.kept(tick)
        if freed:
            self._waiting.done()
        self._adopt(work)
        self._book.forget(self._parts.rules.broken)
        return work.changed or replayed

    def _forget(self, now: datetime) -> bool:
        """Drop a piece of what no rule needs any more; whether alerts ended with it."""
        states = self._forgetting.piece(self._book, now)
        if not states:
            return False
        with self._ledger.read() as conn:
            draft = outlived(conn, self._book, states, self._parts, now)
        if not draft.changes:
            return False
        work = Work([], now, draft)
        with self._ledger.write(self._lane) as conn:
            open_incidents(conn, work, self._parts)
            counters.add(conn, "states_forgotten", len(draft.changes))
            self._close(conn, draft)
        self._adopt(work)
        return work.changed

    def replay(self) -> bool:
        """Take a piece of what quarantine was asked to give back; whether there was any."""
        batch, seqs = self._asked()
        if not batch:
            return False
        run = partial(quarantine.give_back, seqs=seqs)
        try:
            self._together(batch, run)
        except (OperationalError, LedgerBusyError, LeaseHeldError):
            raise
        except Exception:  # as in run: the poison goes back to where it was
            log.exception("replay failed, one message at a time now", messages=len(batch))
            self._one_by_one(batch, run)
        return True

    def _asked(self) -> tuple[list[Message], list[int]]:
        with self._ledger.read() as conn:
            rows = quarantine.asked(conn)
            found = {row.seq: decode(row.received, self._parts.county) for row in rows}
            if found and self._parts.share is not None:
                names = {device_of(message) for message in found.values()}
                registry = self._registries.read(conn, names)
                mine = {id(one) for one in self._parts.share.of(list(found.values()), registry)}
                found = {seq: one for seq, one in found.items() if id(one) in mine}
        return list(found.values()), list(found)

    def _note(self, tick: Tick) -> None:
        if self._journal.due(tick):
            with self._ledger.write(self._lane) as conn:
                self._journal.note(conn, tick)
            self._journal.kept(tick)

    def _work(self, batch: list[Message], replay: Replay | None) -> Work:
        rate, now = None if replay else self._rate, self._clock()
        return Work(batch, now, self._book.draft(), rate=rate, replayed=replay is not None)

    def _together(self, batch: list[Message], replay: Replay | None = None) -> Work:
        work = self._work(batch, replay)
        with self._ledger.write(self._lane) as conn:
            work.laps.end("wait")
            if replay:
                replay(conn)
            run_stages(conn, work, self._parts, self._registries)
            self._account(conn, work)
            self._close(conn, work.draft)
        work.laps.end("commit")
        self._adopt(work)
        return work

    def _one_by_one(self, batch: list[Message], replay: Replay | None = None) -> Work:
        total = self._work(batch, replay)
        with self._ledger.write(self._lane) as conn:
            total.laps.end("wait")
            if replay:
                replay(conn)
            for message in batch:
                self._alone(conn, message, total)
            counters.add_all(conn, total.counts)
            self._account(conn, total)
            quarantine.bound(conn, self._parts.quarantine_rows)
            self._close(conn, total.draft)
        total.laps.end("commit")
        self._adopt(total)
        return total

    def _adopt(self, work: Work) -> None:
        """It is committed: remember it."""
        self._book.adopt(work.draft.changes)
        sequences.remember(self._registries.spans, work.spans, work.now)
        self._measures.told(work.told)

    def _alone(self, conn: Connection, message: Message, total: Work) -> None:
        work = Work([message], total.now, Draft(total.draft))
        work.rate, work.replayed, work.laps = total.rate, total.replayed, total.laps
        try:
            with conn.begin_nested():
                run_stages(conn, work, self._parts, self._registries)
        except OperationalError:
            raise
        except Exception as error:  # poison: it is kept aside with its reason, the others go on
            log.exception("message set aside", topic=message.received.topic)
            detail = f"{type(error).__name__}: {error}"
            quarantine.put_aside(conn, message, "failed", detail, total)
            total.counts["received"] += 1
            return
        total.draft.adopt(work.draft.changes)
        total.receipts.update(work.receipts)
        total.refused.update(work.refused)
        total.told.update(work.told)
        total.kept += work.kept
        total.changed = total.changed or work.changed

    def _account(self, conn: Connection, work: Work) -> None:
        """What a batch says of its senders: what came, who was refused; and what it put aside."""
        kept, memory = work.receipts.kept, self._registries.spans
        work.spans = sequences.note(conn, kept, work.now, memory)
        self._refusals.note(conn, work.refused, work.now)
        if work.counts["quarantined"]:
            quarantine.bound(conn, self._parts.quarantine_rows)

    def _close(self, conn: Connection, draft: Draft) -> None:
        if self._lease:
            self._lease.check(conn)
        draft.save(conn)

    def _freed(self, tick: Tick) -> bool:
        with self._ledger.read() as conn:
            return self._waiting.news(conn, self._parts, tick.now)

    def _overdue(self, tick: Tick) -> bool:
        with self._ledger.read() as conn:
            late = observations.overdue(conn, tick, self._parts.renew_s, self._parts.share)
        return bool(late)

    def _unknown_rules(self) -> set[str]:
        known = {rule.spec.name for rule in self._parts.rules.rules}
        return self._book.rules_due() - known
