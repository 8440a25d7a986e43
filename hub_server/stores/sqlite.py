"""Time series in a SQLite file (WAL): for a demo or one machine without InfluxDB."""

import json
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from hub_server.stores.line_protocol import Point, decode
from hub_server.stores.points import time_ns
from hub_server.stores.store import Refused, RetryLater

_TABLE = """
CREATE TABLE IF NOT EXISTS points (
  measurement TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  tags TEXT NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (measurement, time_ns, tags)
) WITHOUT ROWID
"""
_WRITE = "INSERT OR REPLACE INTO points (measurement, time_ns, tags, fields) VALUES (?, ?, ?, ?)"
_READ = (
    "SELECT time_ns, tags, fields FROM points "
    "WHERE measurement = ? AND time_ns >= ? AND time_ns < ? ORDER BY time_ns, tags"
)


class SqliteStore:
    """See :class:`hub_server.stores.store.Store`. Safe from any thread."""

    name = "sqlite"

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, timeout=10, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # the ledger holds what is not yet here
        self._db.execute(_TABLE)

    def write(self, lines: Sequence[str]) -> None:
        try:
            rows = [_row(decode(line)) for line in lines]
        except ValueError as error:
            raise Refused(str(error)) from None
        try:
            with self._lock, self._db:
                self._db.executemany(_WRITE, rows)
        except sqlite3.OperationalError as error:
            raise RetryLater(str(error)) from error

    def query(
        self, measurement: str, tags: Mapping[str, str], start: datetime, end: datetime
    ) -> list[Point]:
        try:
            with self._lock:
                place = (measurement, time_ns(start, 0), time_ns(end, 0))
                rows = self._db.execute(_READ, place).fetchall()
        except sqlite3.OperationalError as error:
            raise RetryLater(str(error)) from error
        points = [
            Point(measurement, json.loads(row[1]), json.loads(row[2]), row[0]) for row in rows
        ]
        return [point for point in points if tags.items() <= point.tags.items()]

    def delete_older(self, limit: datetime) -> None:
        try:
            with self._lock, self._db:
                self._db.execute("DELETE FROM points WHERE time_ns < ?", (time_ns(limit, 0),))
        except sqlite3.OperationalError as error:
            raise RetryLater(str(error)) from error

    def close(self) -> None:
        with self._lock:
            self._db.close()


def _row(point: Point) -> tuple[str, int, str, str]:
    tags = json.dumps(dict(sorted(point.tags.items())), ensure_ascii=False)
    return point.measurement, point.time_ns, tags, json.dumps(point.fields, ensure_ascii=False)
