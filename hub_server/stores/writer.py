"""Drains the ledger's series rows into a store: at least once, in order, with its own cursor.

What waits, waits in the ledger: nothing but the batch under way and the next one is in memory.
Where the store is caught up, the same thread makes the rollups that are due.
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import chain
from threading import Event, Thread

import structlog
from sqlalchemy import ColumnElement, Connection, and_, select

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import series
from hub_server.outbound.changes import POLL_S, Changes
from hub_server.outbound.precedence import Precedence
from hub_server.stores import batch, cursors, marks
from hub_server.stores.figures import WriterFigures
from hub_server.stores.prepare import retention_s
from hub_server.stores.rollups import Rollups
from hub_server.stores.settings import RetentionSettings
from hub_server.stores.store import Level, RetryLater, Store, StoreError
from hub_server.stores.waiting import SeriesRow

log = structlog.get_logger("stores")
BATCH = 5000
"""Points, and those of the last message."""
PIECE = 500
"""Rows fetched at a time: how many points they have is seen only then."""
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 60.0
ROLLUPS_S = 30.0
"""How often rollups are looked for."""
ROLLUPS_LIMIT_S = 5.0
"""After that long, points have their turn again."""
PUT_OFF_S = 30.0
"""So long behind, points wait no more for an ingest that takes all it can."""
TIDY_S = 3600.0
"""How often old points are deleted in a store that does not do it by itself."""


def _now() -> datetime:
    return datetime.now(UTC)


class SeriesWriter:
    """One store's thread."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        changes: Changes,
        retention: RetentionSettings | None = None,
        clock: Callable[[], datetime] = _now,
        precedence: Precedence | None = None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._changes = changes
        self._retention = retention or RetentionSettings()
        self._clock = clock
        self._precedence = precedence or Precedence()
        self._rollups = Rollups(ledger, store, self._retention.raw)
        self._fenced = ledger.url.get_backend_name() == "postgresql"
        self._stopping = Event()
        self._thread: Thread | None = None
        self._sender = ThreadPoolExecutor(1, f"send/{store.name}")
        self._ahead: list[SeriesRow] = []
        """The batch after the one that is on its way."""
        self._even_at = self._rollups_at = self._tidy_at = time.monotonic()
        self.figures = WriterFigures(store.name)
        self.fault = ""
        """Why the store takes nothing now; empty when it does."""

    def start(self) -> None:
        """Begin to write in a thread of its own; rows from before are written first."""
        with self._ledger.write() as conn:
            cursors.begin(conn, self._store.name)
        self._thread = Thread(target=self._run, name=f"series/{self._store.name}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Finish the batch under way and end; what is left stays in the ledger."""
        self._stopping.set()
        self._changes.signal()
        if self._thread:
            self._thread.join(timeout_s)
        self._sender.shutdown(wait=False)
        self._store.close()

    def run_once(self) -> int:
        """Write one batch; how many points it had.

        Raises:
            RetryLater: the store takes nothing now; the rows stay.
        """
        rows, self._ahead = self._ahead or self._read(), []
        if not rows:
            return 0
        now, began = self._clock(), time.monotonic()
        oldest = now - timedelta(seconds=self._retention.raw)
        sent = self._sender.submit(batch.write, self._store, rows, oldest, self.figures)
        # and those of the few it may refuse
        windows = marks.windows_of((row.text for row in rows), now)
        points = _points(rows)
        ahead = self._read(rows[-1].seq) if points >= BATCH else []
        outcome = sent.result()
        self.figures.wrote(len(rows), len(outcome.taken), time.monotonic() - began)
        self._keep(rows[-1].seq, outcome, windows, now)
        self._ahead = ahead  # not before: what failed begins again at the cursor
        return points

    def _keep(
        self, position: int, outcome: batch.Outcome, windows: set[marks.Key], now: datetime
    ) -> None:
        name = self._store.name
        with self._ledger.write() as conn:
            batch.note(conn, outcome, name, now)
            marks.mark(conn, name, Level.TEN_MINUTES, windows)
            cursors.forward(conn, name, position)
        self._lost(outcome)

    def roll_up(self) -> int:
        """Make the rollups that are due, up to a piece; how many windows.

        Raises:
            RetryLater: the store cannot answer now; they stay due.
            Refused: the store does not understand; they stay due.
        """
        until = time.monotonic() + ROLLUPS_LIMIT_S
        return self._rollups.run_once(
            self._clock(), lambda: self._stopping.is_set() or time.monotonic() > until
        )

    def tidy(self) -> None:
        """Delete what is older than its retention, and bound the notes.

        Raises:
            RetryLater: the store cannot answer now.
        """
        with self._ledger.write() as conn:
            marks.bound(conn, self._store.name)
        if self._store.expires:
            return
        for level in Level:
            age = timedelta(seconds=retention_s(self._retention, level))
            self._store.delete_older(self._clock() - age, level)

    def _read(self, after: int | None = None) -> list[SeriesRow]:
        """The next rows after the cursor, or after a row that is on its way to the store."""
        fence = self._fence()
        with self._ledger.read() as conn:
            position = cursors.position(conn, self._store.name) if after is None else after
            newest = cursors.newest(conn) if fence is None else fence
            chosen = and_(series.c.seq > position, series.c.seq <= newest)
            rows = _fetch(conn, chosen)
        even = _points(rows) < BATCH and not self.fault
        self._behind(newest - position if rows else 0, even)
        return rows

    def _fence(self) -> int | None:
        """The row below which none will appear any more, or None where none ever does.

        On PostgreSQL several writes commit in any order; this one waits until all have. On SQLite
        they commit in the order of their rows.
        """
        if not self._fenced:
            return None
        with self._ledger.write() as conn:
            return cursors.newest(conn)

    def _behind(self, rows: int, even: bool) -> None:
        now = time.monotonic()
        if even:
            self._even_at = now
        self.figures.behind(rows, now - self._even_at)

    def _lost(self, outcome: batch.Outcome) -> None:
        for line, reason in outcome.refused:
            log.error("store refuses a point", error=reason, line=line[:200])
            self.figures.lost("refused", 1)
        if outcome.too_old:
            log.warning("points older than the raw retention", points=outcome.too_old)
            self.figures.lost("too_old", outcome.too_old)

    def _run(self) -> None:
        wait = FIRST_RETRY_S
        while not self._stopping.is_set():
            try:
                self._give_way()
                if self.run_once() < BATCH:
                    self._beside()
                    # points may lag; waking for each commit would write them one by one
                    self._stopping.wait(POLL_S)
                self.fault, wait = "", FIRST_RETRY_S
            except RetryLater as error:
                self.figures.retried(error.cause)
                self._away(str(error), max(_jittered(wait), error.after_s or 0.0))
                wait = min(wait * 2, LONGEST_RETRY_S)
            except Exception as error:  # the thread must outlive a ledger that is busy
                log.exception("series writer failed", store=self._store.name)
                self.figures.retried("failed")
                self._away(str(error), _jittered(wait))

    def _give_way(self) -> None:
        may_wait = PUT_OFF_S - (time.monotonic() - self._even_at)
        self.figures.put_off(self._precedence.give_way(self._stopping, may_wait))

    def _beside(self) -> None:
        """Rollups and tidying: their faults do not hold up the points."""
        now = time.monotonic()
        try:
            if now >= self._rollups_at:
                made = self.roll_up()
                self.figures.rolled_up(made)
                self._rollups_at = now if made else now + ROLLUPS_S
            if now >= self._tidy_at:
                self.tidy()
                self._tidy_at = now + TIDY_S
        except StoreError as error:
            if not self.figures.rollup_fault:
                fix = "hub-server init"
                log.error("rollups fail", store=self._store.name, error=str(error), fix=fix)
            self.figures.rolled_up(0, str(error))
            self._rollups_at = self._tidy_at = now + LONGEST_RETRY_S

    def _away(self, error: str, wait: float) -> None:
        if not self.fault:
            log.warning("store away, again later", store=self._store.name, error=error)
        self.fault = error
        self._stopping.wait(wait)


def _fetch(conn: Connection, chosen: ColumnElement[bool]) -> list[SeriesRow]:
    """Rows in their order, up to a batch of points."""
    columns = select(series.c.seq, series.c.line, series.c.points)
    query, rows, points = columns.where(chosen).order_by(series.c.seq).limit(BATCH), [], 0
    with conn.execute(query, execution_options={"yield_per": PIECE}) as found:
        for row in chain.from_iterable(found.partitions()):
            rows.append(SeriesRow._make(row))
            points += rows[-1].points
            if points >= BATCH:
                break
    return rows


def _points(rows: Sequence[SeriesRow]) -> int:
    return sum(row.points for row in rows)


def _jittered(wait: float) -> float:
    """Half to one and a half: writers that were cut off together do not come back together."""
    return wait * (0.5 + random.random())
