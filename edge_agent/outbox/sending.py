"""Rows on their way to the hub: which are due, which a broker has, which the hub has confirmed.

All works on an open transaction of the outbox's database.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable

from edge_agent.outbox.draft import Lane
from edge_agent.outbox.rows import Row
from linli_contract.payloads import AckRange


class Flight:
    """What was handed out to be sent and is not marked yet.

    Args:
        window: rows of one lane that may be sent and unconfirmed at a time.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._held: dict[int, Lane] = {}

    @property
    def sequences(self) -> Collection[int]:
        """The numbers in flight."""
        return self._held.keys()

    def due(self, db: sqlite3.Connection, now: float, limit: int) -> list[Row]:
        """At most ``limit`` rows, most important lane first; they are in flight from now on."""
        rows: list[Row] = []
        for lane in Lane:
            rows += self._due(db, lane, now, limit - len(rows))
        self._held.update((row.sequence, row.lane) for row in rows)
        return rows

    def _due(self, db: sqlite3.Connection, lane: Lane, now: float, limit: int) -> list[Row]:
        counted = db.execute(
            "SELECT count(*) FROM rows WHERE lane = ? AND retry_at > ? AND sent = 1",
            (int(lane), now),
        ).fetchone()
        held = [number for number, other in self._held.items() if other is lane]
        room = min(limit, self._window - int(counted[0]) - len(held))
        if room <= 0:
            return []
        # SQLite skips what is held before it reads a body
        found = db.execute(
            "SELECT sequence, topic, body FROM rows WHERE lane = ?"
            " AND (retry_at IS NULL OR retry_at <= ?) AND anchor IS NULL"
            " AND sequence NOT IN (SELECT value FROM json_each(?))"
            " ORDER BY retry_at, sequence LIMIT ?",
            (int(lane), now, json.dumps(held), room),
        )
        return [Row(number, lane, topic, body) for number, topic, body in found]

    def mark(
        self, db: sqlite3.Connection, sequences: Collection[int], retry_at: float, sent: bool
    ) -> None:
        """A broker took them, or refused them; they are due again at ``retry_at``."""
        db.executemany(
            "UPDATE rows SET sent = ?, tries = tries + 1, retry_at = ? WHERE sequence = ?",
            [(int(sent), retry_at, sequence) for sequence in sequences],
        )
        self.release(sequences)

    def reset(self, db: sqlite3.Connection) -> None:
        """Nothing is in flight any more; what was sent and is unconfirmed is due."""
        db.executemany(
            "UPDATE rows SET tries = tries + 1 WHERE sequence = ?",
            [(sequence,) for sequence in self._held],
        )
        db.execute(
            "UPDATE rows SET sent = 0, retry_at = NULL WHERE retry_at IS NOT NULL AND sent = 1"
        )
        self._held.clear()

    def confirm(self, db: sqlite3.Connection, ranges: Iterable[AckRange]) -> tuple[int, list[int]]:
        """Delete what the hub has: how many rows, and which of them are in flight."""
        count, gone = 0, list[int]()
        for item in ranges:
            held = [s for s in self._held if item.first <= s <= item.last]
            done = db.executemany("DELETE FROM rows WHERE sequence = ?", [(s,) for s in held])
            count += max(0, done.rowcount)
            gone += held
            count += db.execute(
                "DELETE FROM rows WHERE sequence BETWEEN ? AND ? AND tries > 0",
                (item.first, item.last),
            ).rowcount
        return count, gone

    def release(self, sequences: Iterable[int]) -> None:
        """They are in flight no more."""
        for sequence in sequences:
            self._held.pop(sequence, None)
