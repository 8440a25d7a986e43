"""Time series in a SQLite file (WAL): for a demo or one machine without InfluxDB."""

import json
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec

from hub_server.stores.line_protocol import Point, decode
from hub_server.stores.points import time_ns
from hub_server.stores.store import (
    Columns,
    Level,
    Refused,
    RetryLater,
    Span,
    Where,
    Window,
    has_value,
)

# ruff: noqa: S608 - tables are of this file, names are checked, values are parameters
_TABLES = {Level.RAW: "points", Level.TEN_MINUTES: "points_10m", Level.HOUR: "points_1h"}
_TABLE = """
CREATE TABLE IF NOT EXISTS {} (
  measurement TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  tags TEXT NOT NULL,
  fields TEXT NOT NULL,
  PRIMARY KEY (measurement, time_ns, tags)
) WITHOUT ROWID
"""
_FIELD = r'[A-Za-z0-9_]++=(?:"[^"]*+"|-?(?:0|[1-9]\d{0,15}+)\.\d{1,17}+(?=,|\Z))'
_FIELDS = re.compile(f"{_FIELD}(?:,{_FIELD})*+")
"""What is written alike in JSON."""
_NAME = re.compile(r"[A-Za-z0-9_]+")
_SQL = {"count": "count", "sum": "sum", "min": "min", "max": "max", "mean": "avg"}
Value = str | int | float | None
Row = tuple[Value, ...]


class _Last:
    """SQL aggregate ``last(time, value)``: the value of the newest time that has one."""

    def __init__(self) -> None:
        self._time = -1
        self._value: Value = None

    def step(self, time: int, value: Value) -> None:
        if value is not None and time >= self._time:
            self._time, self._value = time, value

    def finalize(self) -> Value:
        return self._value


class SqliteStore:
    """See :class:`hub_server.stores.store.Store`."""

    name = "sqlite"
    expires = False

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(file, timeout=10, check_same_thread=False)
        self._db.create_aggregate("last", 2, _Last)  # type: ignore[arg-type]  # its stub knows int
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # the ledger holds what is not yet here
        for table in _TABLES.values():
            self._db.execute(_TABLE.format(table))

    def write(self, lines: Sequence[str], level: Level = Level.RAW) -> None:
        try:
            rows = [_plain(line) or _row(decode(line)) for line in lines]
        except ValueError as error:
            raise Refused(str(error)) from None
        with self._using() as db, db:
            db.executemany(f"INSERT OR REPLACE INTO {_TABLES[level]} VALUES (?, ?, ?, ?)", rows)

    def range(
        self, measurement: str, where: Where, span: Span, level: Level = Level.RAW
    ) -> list[Point]:
        chosen, values = _where(measurement, where, span)
        query = f"SELECT time_ns, tags, fields FROM {_TABLES[level]} WHERE {chosen}"
        rows = self._read(f"{query} ORDER BY time_ns, tags", values)
        return [_point(measurement, row) for row in rows]

    def aggregate(
        self,
        measurement: str,
        columns: Columns,
        where: Where,
        span: Span,
        window_s: int,
        level: Level = Level.RAW,
    ) -> list[Window]:
        chosen, values = _where(measurement, where, span)
        width = window_s * 1_000_000_000
        query = (
            f"SELECT tags, time_ns / {width} * {width} AS start, "
            f"{', '.join(_column(*pair) for pair in columns.values())} "
            f"FROM {_TABLES[level]} WHERE {chosen} GROUP BY tags, start ORDER BY start, tags"
        )
        found = (_window(columns, row) for row in self._read(query, values))
        return [window for window in found if window.values]

    def last(
        self, measurement: str, where: Where, span: Span, level: Level = Level.RAW
    ) -> list[Point]:
        chosen, values = _where(measurement, where, span)
        # SQLite takes the other columns from the row that has the maximum
        query = f"SELECT max(time_ns), tags, fields FROM {_TABLES[level]} WHERE {chosen}"
        rows = self._read(f"{query} GROUP BY tags ORDER BY 1, 2", values)
        return [_point(measurement, row) for row in rows]

    def delete_older(self, limit: datetime, level: Level = Level.RAW) -> None:
        old = (time_ns(limit, 0),)
        with self._using() as db:
            names = db.execute(f"SELECT DISTINCT measurement FROM {_TABLES[level]}").fetchall()
            query = f"DELETE FROM {_TABLES[level]} WHERE measurement = ? AND time_ns < ?"
            for name in names:
                with db:
                    db.execute(query, name + old)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _read(self, query: str, values: list[str | int]) -> list[Row]:
        with self._using() as db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                yield self._db
        except sqlite3.OperationalError as error:
            raise RetryLater(str(error), "sqlite") from error


def _plain(line: str) -> tuple[str, int, str, str] | None:
    """The row of a line in which nothing needs escaping, in JSON either: nearly all lines."""
    head, _, rest = line.partition(" ")
    fields, _, time_ns = rest.rpartition(" ")
    if "\\" in line or not (_FIELDS.fullmatch(fields) and fields.isprintable()):
        return None
    measurement, tags = _head(head)
    parts = fields.split('"')  # every other one is inside of a text
    parts[::2] = [part.replace(",", ',"').replace("=", '":') for part in parts[::2]]
    return measurement, int(time_ns), tags, f"""{{"{'"'.join(parts)}}}"""


@lru_cache(1 << 15)
def _head(head: str) -> tuple[str, str]:
    point = decode(f"{head} f=0 0")
    return point.measurement, _tags(tuple(point.tags.items()))


def _row(point: Point) -> tuple[str, int, str, str]:
    fields = msgspec.json.encode(point.fields).decode()
    return point.measurement, point.time_ns, _tags(tuple(point.tags.items())), fields


@lru_cache(1 << 10)  # few: _head keeps those of lines
def _tags(tags: tuple[tuple[str, str], ...]) -> str:
    """Part of the key: always written alike."""
    return json.dumps(dict(sorted(tags)), ensure_ascii=False)


def _point(measurement: str, row: Row) -> Point:
    time, tags, fields = row
    return Point(measurement, json.loads(str(tags)), json.loads(str(fields)), int(time or 0))


def _window(columns: Columns, row: Row) -> Window:
    tags, start, *values = row
    pairs = zip(columns, values, strict=True)
    found = {key: float(value or 0) for key, value in pairs if has_value(value, columns[key])}
    return Window(json.loads(str(tags)), int(start or 0), found)


def _column(function: str, field: str) -> str:
    value = f"json_extract(fields, {_path(field)})"
    return f"last(time_ns, {value})" if function == "last" else f"{_SQL[function]}({value})"


def _where(measurement: str, where: Where, span: Span) -> tuple[str, list[str | int]]:
    """The condition, and the values of its parameters."""
    parts = ["measurement = ?", "time_ns >= ?", "time_ns < ?"]
    values: list[str | int] = [measurement, time_ns(span.start, 0), time_ns(span.end, 0)]
    for key, wanted in where.items():
        options = (wanted,) if isinstance(wanted, str) else wanted
        path = _path(key)
        value = f"coalesce(json_extract(tags, {path}), json_extract(fields, {path}))"
        parts.append(f"{value} IN ({', '.join('?' * len(options))})")
        values += options
    return " AND ".join(parts), values


def _path(key: str) -> str:
    if not _NAME.fullmatch(key):
        raise Refused(f"query: expected a name of letters, digits and _, got {key!r}")
    return f"'$.{key}'"
