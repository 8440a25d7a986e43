"""Drains one target's rows: in order per incident, at least once, with jittered back-off.

A row that meets :class:`~hub_server.outbound.errors.RetryLater` stays at the head of its
incident; one that is refused is marked failed, shown, and lets the next pass.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Protocol

import structlog
from sqlalchemy import Connection, RowMapping, update

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import outbound
from hub_server.metrics.meter import Meter
from hub_server.outbound.changes import POLL_S, Changes
from hub_server.outbound.errors import DeliveryError, Refused, RetryLater
from hub_server.outbound.turns import FIRST_RETRY_S, backoff_s, due

log = structlog.get_logger("outbound")


@dataclass(frozen=True)
class Message:
    """One row on its way: ``key`` is the same however often it is sent."""

    incident: str
    key: str
    payload: dict[str, object]


class Deliver(Protocol):
    """Hands a message over; the receiver's reference for it, or empty.

    Raises:
        RetryLater: it may arrive later.
        Refused: the receiver will never take it.
    """

    def __call__(self, message: Message) -> str: ...


class Keep(Protocol):
    """Writes what the receiver answered, in the transaction that marks the row done."""

    def __call__(self, conn: Connection, message: Message, reference: str) -> None: ...


def _keep_nothing(conn: Connection, message: Message, reference: str) -> None:
    """Most receivers answer nothing worth keeping."""


@dataclass(frozen=True)
class Target:
    """Where rows of ``name`` go."""

    name: str
    deliver: Deliver
    keep: Keep = _keep_nothing


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Drain:
    """One target's thread."""

    ledger: Ledger
    target: Target
    changes: Changes
    clock: Callable[[], datetime] = _now
    meter: Meter = field(default_factory=Meter)
    _stopping: Event = field(default_factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to drain in a thread of its own."""
        name = f"outbound-{self.target.name}"
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Finish the delivery under way and end; what is left stays in the ledger."""
        self._stopping.set()
        self.changes.signal()
        if self._thread:
            self._thread.join(timeout_s)

    def run_once(self) -> int:
        """Deliver every row that is due now, one batch; how many were tried."""
        with self.ledger.read() as conn:
            rows = conn.execute(due(self.target.name, self.clock())).mappings().all()
        for row in rows:
            if self._stopping.is_set():
                break
            self._deliver(row)
        return len(rows)

    def _run(self) -> None:
        while not (self._stopping.is_set() or self.changes.stopped):
            seen = self.changes.count
            if not self._try_once() and not self._stopping.is_set():
                self.changes.wait(seen, POLL_S)

    def _try_once(self) -> int:
        try:
            return self.run_once()
        except Exception:
            # The thread must outlive a ledger that is busy or away; the rows stay and it is said.
            log.exception("drain failed", target=self.target.name)
            self._stopping.wait(FIRST_RETRY_S)
            return 0

    def _deliver(self, row: RowMapping) -> None:
        message = Message(row["incident"], row["key"], row["payload"])
        attempts, began = row["attempts"] + 1, monotonic()
        try:
            reference = self.target.deliver(message)
        except DeliveryError as error:
            self._tried("refused" if isinstance(error, Refused) else "failed", began)
            self._failed(row, attempts, error)
            return
        except Exception as error:
            # A bug in one target must not stop its queue; the row stays, and it is said.
            log.exception("delivery broke", target=self.target.name, key=message.key)
            self._tried("failed", began)
            self._failed(row, attempts, RetryLater(f"{type(error).__name__}: {error}"))
            return
        self._tried("delivered", began)
        with self.ledger.write() as conn:
            self._mark(conn, row, attempts=attempts, done_at=self.clock(), error="")
            self.target.keep(conn, message, reference)
        self.changes.signal()

    def _tried(self, result: str, began: float) -> None:
        name, seconds = self.target.name, monotonic() - began
        self.meter.count("linli_outbound_attempts_total", name, result)
        self.meter.histogram("linli_outbound_delivery_seconds", name).add(seconds)

    def _failed(self, row: RowMapping, attempts: int, error: DeliveryError) -> None:
        now, text = self.clock(), str(error)[:500]
        given_up = now if isinstance(error, Refused) else None
        wait = timedelta(seconds=backoff_s(attempts, random.random()))
        log.warning(
            "delivery refused" if given_up else "delivery failed, again later",
            target=self.target.name,
            key=row["key"],
            attempts=attempts,
            error=text,
        )
        with self.ledger.write() as conn:
            self._mark(
                conn, row, attempts=attempts, failed_at=given_up, next_at=now + wait, error=text
            )

    def _mark(self, conn: Connection, row: RowMapping, **values: object) -> None:
        conn.execute(update(outbound).where(outbound.c.seq == row["seq"]).values(**values))
