"""Makes the rollups whose windows are noted, out of what the store holds.

A rollup is computed anew from the whole window, and its points overwrite the earlier ones. So the
order in which points came does not matter, and a run that was cut off is simply done again. A point
is never taken back, so a window that was not empty never becomes so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import ColumnElement, Connection, and_, delete, select

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import rollup_windows
from hub_server.stores import marks
from hub_server.stores.levels import FINER, WINDOW_S, rollup_of, start_of
from hub_server.stores.line_protocol import Point, encode
from hub_server.stores.marks import ALL
from hub_server.stores.store import Level, Span, Store, Window

log = structlog.get_logger("stores")
SETTLE_S = 60
"""How long after its end a window is left alone: most points are there by then."""
PIECE = 2000
"""Notes taken at a time."""
SPAN = {False: 144, True: 1}
"""Windows of one query, of one device and of all: an answer holds at most the county's series."""
BATCH = 5000


@dataclass(frozen=True)
class Note:
    """A window to be made; ``marks`` says how often it was noted so far."""

    level: Level
    measurement: str
    start: int
    device: str
    marks: int

    @property
    def end(self) -> int:
        return self.start + WINDOW_S[self.level]


class Rollups:
    """Of one store; belongs to its writer's thread."""

    def __init__(self, ledger: Ledger, store: Store, raw_s: float) -> None:
        self._ledger = ledger
        self._store = store
        self._raw = timedelta(seconds=raw_s)

    def run_once(self, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
        """Make what is due by ``now``, up to a piece or until ``stop``; how many windows.

        Raises:
            RetryLater: the store cannot answer now; the notes stay.
        """
        with self._ledger.read() as conn:
            notes = self._due(conn, now)
        oldest, count = int((now - self._raw).timestamp()), 0
        for group in _groups(notes):
            if stop():
                break
            gone = [note for note in group if note.start < oldest]
            kept = [note for note in group if note.start >= oldest]
            if kept:
                self._make(kept)
            with self._ledger.write() as conn:
                self._done(conn, kept, gone)
            count += len(group)
        return count

    def _due(self, conn: Connection, now: datetime) -> list[Note]:
        """The finer level first; nothing of the coarser while there is any."""
        c = rollup_windows.c
        for level in (Level.TEN_MINUTES, Level.HOUR):
            before = int(now.timestamp()) - SETTLE_S - WINDOW_S[level]
            chosen = and_(c.store == self._store.name, c.level == level.value, c.start <= before)
            query = select(c.measurement, c.start, c.device, c.marks).where(chosen)
            rows = conn.execute(query.order_by(c.measurement, c.device, c.start).limit(PIECE))
            if notes := [Note(level, *row) for row in rows]:
                return notes
        return []

    def _make(self, notes: Sequence[Note]) -> None:
        """Compute and write the windows of ``notes``, which follow each other."""
        first, level = notes[0], notes[0].level
        rollup = rollup_of(first.measurement, level)
        where = dict(rollup.where) | ({"device": first.device} if first.device else {})
        span = Span(_time(first.start), _time(notes[-1].end))
        found = self._store.aggregate(
            first.measurement, rollup.columns, where, span, WINDOW_S[level], FINER[level]
        )
        lines = (_line(first.measurement, window) for window in found)
        while batch := list(islice(lines, BATCH)):
            self._store.write(batch, level)

    def _done(self, conn: Connection, made: Sequence[Note], gone: Sequence[Note]) -> None:
        """Forget the notes, unless they were made again meanwhile; note the hours they change."""
        for note in (*made, *gone):
            conn.execute(delete(rollup_windows).where(_is(self._store.name, note)))
        if gone:
            counters.add(conn, "rollups_too_late", len(gone))
            log.warning("raw points gone, rollup stays as it is", windows=len(gone))
        hours = {
            (note.measurement, start_of(note.start, Level.HOUR), note.device)
            for note in made
            if note.level is Level.TEN_MINUTES
        }
        marks.mark(conn, self._store.name, Level.HOUR, hours)


def _groups(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Notes of one measurement and device whose windows follow each other, up to a span."""
    group: list[Note] = []
    for note in notes:
        if group and not _follows(group, note):
            yield group
            group = []
        group.append(note)
    if group:
        yield group


def _follows(group: Sequence[Note], note: Note) -> bool:
    last = group[-1]
    same = (last.measurement, last.device) == (note.measurement, note.device)
    return same and note.start == last.end and len(group) < SPAN[note.device == ALL]


def _is(store: str, note: Note) -> ColumnElement[bool]:
    c = rollup_windows.c
    return and_(
        c.store == store,
        c.level == note.level.value,
        c.measurement == note.measurement,
        c.start == note.start,
        c.device == note.device,
        c.marks == note.marks,
    )


def _line(measurement: str, window: Window) -> str:
    point = Point(measurement, window.tags, dict(window.values), window.start_ns)
    return encode(point, returns=False)  # in ten minutes: 20,000 names would stay until then


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
