"""Drains the ledger's series rows into a store: at least once, in order, with its own cursor."""

import random
from collections.abc import Sequence
from threading import Event, Thread

import structlog
from sqlalchemy import Connection, delete, func, select

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import cursors, series
from hub_server.ledger.upsert import insert
from hub_server.outbound.changes import POLL_S, Changes
from hub_server.stores.store import Refused, RetryLater, Store

log = structlog.get_logger("stores")
BATCH = 5000
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
MAX_ROWS = 2_000_000
"""Rows that wait for a store that is away; the oldest of more are dropped and counted."""


class SeriesWriter:
    """One store's thread."""

    def __init__(self, ledger: Ledger, store: Store, changes: Changes) -> None:
        self._ledger = ledger
        self._store = store
        self._changes = changes
        self._stopping = Event()
        self._thread: Thread | None = None
        self._cursor = f"series/{store.name}"
        self.fault = ""
        """Why the store takes nothing now; empty when it does."""

    def start(self) -> None:
        """Begin to write in a thread of its own; rows from before are written first."""
        with self._ledger.write() as conn:
            row = insert(conn, cursors).values(name=self._cursor, position=0)
            conn.execute(row.on_conflict_do_nothing())
        self._thread = Thread(target=self._run, name=self._cursor, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Finish the batch under way and end; what is left stays in the ledger."""
        self._stopping.set()
        self._changes.signal()
        if self._thread:
            self._thread.join(timeout_s)
        self._store.close()

    def run_once(self) -> int:
        """Write one batch; how many rows it had.

        Raises:
            RetryLater: the store takes nothing now; the rows stay.
        """
        with self._ledger.read() as conn:
            position = self._position(conn)
            query = select(series.c.seq, series.c.line).where(series.c.seq > position)
            rows = conn.execute(query.order_by(series.c.seq).limit(BATCH)).all()
        if not rows:
            return 0
        refused = self._write([row.line for row in rows])
        with self._ledger.write() as conn:
            self._forward(conn, rows[-1].seq, refused)
        return len(rows)

    def _write(self, lines: Sequence[str]) -> int:
        """Write the lines; how many the store will never take (found by halving)."""
        try:
            self._store.write(lines)
        except Refused as error:
            if len(lines) == 1:
                log.error("store refuses a point", error=str(error), line=lines[0][:200])
                return 1
            half = len(lines) // 2
            return self._write(lines[:half]) + self._write(lines[half:])
        return 0

    def _forward(self, conn: Connection, position: int, refused: int) -> None:
        here = cursors.c.name == self._cursor
        conn.execute(cursors.update().where(here).values(position=position))
        if refused:
            counters.add(conn, "points_refused", refused)
        slowest = select(func.min(cursors.c.position)).where(cursors.c.name.startswith("series/"))
        conn.execute(delete(series).where(series.c.seq <= slowest.scalar_subquery()))

    def _position(self, conn: Connection) -> int:
        query = select(cursors.c.position).where(cursors.c.name == self._cursor)
        return int(conn.scalar(query) or 0)

    def _run(self) -> None:
        wait = FIRST_RETRY_S
        while not self._stopping.is_set():
            try:
                if self.run_once() < BATCH:
                    # points may lag; waking for each commit would write them one by one
                    self._stopping.wait(POLL_S)
                self.fault, wait = "", FIRST_RETRY_S
            except RetryLater as error:
                self._away(str(error), wait)
                wait = min(wait * 2, LONGEST_RETRY_S)
            except Exception as error:  # the thread must outlive a ledger that is busy
                log.exception("series writer failed", store=self._store.name)
                self._away(str(error), wait)

    def _away(self, error: str, wait: float) -> None:
        if not self.fault:
            log.warning("store away, again later", store=self._store.name, error=error)
        self.fault = error
        self._stopping.wait(wait * (0.5 + random.random()))


def bound_series(conn: Connection, limit: int = MAX_ROWS) -> int:
    """Drop the oldest points beyond ``limit``; how many. They are counted."""
    first, last = conn.execute(select(func.min(series.c.seq), func.max(series.c.seq))).one()
    if first is None or last - first < limit:
        return 0
    count = conn.execute(delete(series).where(series.c.seq <= last - limit)).rowcount
    counters.add(conn, "points_dropped", count)
    return int(count)
