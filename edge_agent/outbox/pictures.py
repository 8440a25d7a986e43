"""The pictures that wait for the hub: a table of names; the JPEGs lie in a folder.

A picture is due once its event is confirmed by the hub, so it can never hold up an event.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.clock import Moment
from edge_agent.outbox.bounds import Dropped
from edge_agent.outbox.database import Database
from linli_contract.payloads import Picture

LANE = "pictures"
FULL, LOST, REFUSED = "pictures_full", "picture_file_missing", "picture_refused"
NO_EVENT = 0
"""Stands for the sequence of a picture that was asked for; sequences begin at 1."""
_REMEMBER_S = 86400.0  # a delivered picture may be named again by an update of its observation


@dataclass(frozen=True)
class PictureRow:
    """One picture due to be sent."""

    sha256: str
    sequence: int
    """Of the event that names it."""
    size: int


def enqueue(
    db: sqlite3.Connection, pictures: Iterable[Picture], sequence: int, now: Moment
) -> None:
    """Note the pictures of one event; one that is known already stays as it is."""
    db.executemany(
        "INSERT OR IGNORE INTO pictures (sha256, sequence, size, created_at) VALUES (?, ?, ?, ?)",
        [(p.sha256, sequence, p.size, now.wall.timestamp()) for p in pictures],
    )


class PictureQueue:
    """Thread-safe view of the pictures in an outbox's database."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def due(self, now: float) -> PictureRow | None:
        """The oldest picture whose event the hub has; ``now`` in monotonic seconds."""
        with self._db.reading() as db:
            row = db.execute(
                "SELECT sha256, sequence, size FROM pictures p WHERE done_at IS NULL"
                " AND (retry_at IS NULL OR retry_at <= ?)"
                " AND NOT EXISTS (SELECT 1 FROM rows r WHERE r.sequence = p.sequence)"
                " ORDER BY sequence LIMIT 1",
                (now,),
            ).fetchone()
        return PictureRow(*row) if row else None

    def add(self, picture: Picture, now: Moment) -> None:
        """Send a picture that belongs to no event, at once."""
        with self._db.transaction() as db:
            enqueue(db, [picture], NO_EVENT, now)

    def delivered(self, sha256: str, now: Moment) -> None:
        """The hub has it."""
        wall = now.wall.timestamp()
        with self._db.transaction() as db:
            db.execute("UPDATE pictures SET done_at = ? WHERE sha256 = ?", (wall, sha256))
            db.execute("DELETE FROM pictures WHERE done_at < ? AND size = 0", (wall - _REMEMBER_S,))

    def evict(self, max_bytes: int, keep_s: float, now: Moment) -> list[str]:
        """Delivered pictures whose files are to be deleted: those older than ``keep_s`` seconds,
        then the oldest, until all files fit ``max_bytes``. Never one that waits for the hub.

        Their rows stay, with a size of 0: an update may name them again.
        """
        with self._db.transaction() as db:
            total = int(db.execute("SELECT coalesce(sum(size), 0) FROM pictures").fetchone()[0])
            rows = db.execute(
                "SELECT sha256, size, done_at FROM pictures"
                " WHERE done_at IS NOT NULL AND size > 0 ORDER BY done_at"
            ).fetchall()
            gone: list[tuple[str]] = []
            for sha256, size, done_at in rows:
                if total <= max_bytes and now.wall.timestamp() - done_at < keep_s:
                    break
                total -= size
                gone.append((sha256,))
            db.executemany("UPDATE pictures SET size = 0 WHERE sha256 = ?", gone)
        return [sha256 for (sha256,) in gone]

    def later(self, sha256: str, retry_at: float) -> None:
        """Try it again at that monotonic time."""
        with self._db.transaction() as db:
            db.execute("UPDATE pictures SET retry_at = ? WHERE sha256 = ?", (retry_at, sha256))

    def drop(self, row: PictureRow, cause: str) -> Dropped:
        """Give it up; the caller reports what this returns."""
        with self._db.transaction() as db:
            db.execute("DELETE FROM pictures WHERE sha256 = ?", (row.sha256,))
        return Dropped(LANE, row.sequence, row.sequence, 1, cause)

    def beyond(self, max_bytes: int) -> list[PictureRow]:
        """The oldest waiting pictures that the bound has no room for."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT sha256, sequence, size FROM pictures WHERE done_at IS NULL"
                " ORDER BY sequence DESC"
            ).fetchall()
        total, extra = 0, []
        for row in rows:
            total += row[2]
            if total > max_bytes:
                extra.append(PictureRow(*row))
        return extra

    def holds(self, sha256: str) -> bool:
        """Whether this picture's file is to be there: it waits, or is kept after delivery."""
        with self._db.reading() as db:
            query = "SELECT 1 FROM pictures WHERE sha256 = ? AND (done_at IS NULL OR size > 0)"
            return db.execute(query, (sha256,)).fetchone() is not None

    def waiting(self) -> int:
        """Pictures not yet delivered."""
        with self._db.reading() as db:
            query = "SELECT count(*) FROM pictures WHERE done_at IS NULL"
            return int(db.execute(query).fetchone()[0])
