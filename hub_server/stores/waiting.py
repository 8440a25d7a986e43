"""Points that wait: rows of the ledger, written in the transaction of what they tell.

A row holds the lines of one message, which share measurement, device and time, with a line feed
between them; so a message costs a row, and the writer looks at its time once.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, insert

from hub_server.ledger import counters
from hub_server.ledger.bulk import insert_rows
from hub_server.ledger.tables import quarantine, series
from hub_server.stores.line_protocol import Point, UnwritableError, encode

log = structlog.get_logger("stores")
UNWRITABLE = "point_unwritable"


class Rows:
    """What one transaction queues for every store."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, int]] = []
        """The lines of a row, and how many they are."""
        self._refused: list[tuple[Point, str]] = []

    def add_lines(self, lines: Sequence[str]) -> None:
        """The lines of one message."""
        text = "\n".join(lines)
        if text.count("\n") < len(lines):
            self.waiting.append((text, len(lines)))
        else:  # a text holds a line feed, which must not be taken for the end of its line
            self.waiting += [(line, 1) for line in lines]

    def add(self, points: Iterable[Point]) -> None:
        """The points of one message. One that the format cannot carry is set aside with the
        reason and counted: what it tells of is kept all the same."""
        lines = list[str]()
        for point in points:
            try:
                lines.append(encode(point))
            except UnwritableError as error:
                self._refused.append((point, str(error)))
        self.add_lines(lines)

    def save(self, conn: Connection) -> None:
        """Into the ledger."""
        if self.waiting:
            insert_rows(conn, series, ("line", "points"), self.waiting)
        for point, reason in self._refused:
            _set_aside(conn, point, reason)


def queue(conn: Connection, points: Iterable[Point]) -> None:
    """Queue ``points``, which have nothing in common; see :meth:`Rows.add`."""
    rows = Rows()
    for point in points:
        rows.add([point])
    rows.save(conn)


class SeriesRow(NamedTuple):
    """A row as it waits."""

    seq: int
    text: str
    points: int

    def lines(self) -> list[str]:
        """One for each point; a line feed in the text of a single one is part of it."""
        return self.text.split("\n") if self.points > 1 else [self.text]


def _set_aside(conn: Connection, point: Point, reason: str) -> None:
    log.error("point cannot be written", error=reason, measurement=point.measurement)
    counters.add(conn, "points_unwritable")
    row = {
        "received_at": datetime.fromtimestamp(point.time_ns // 10**9, UTC),
        "topic": "series",
        "device": point.tags.get("device", "")[:64],
        "reason": UNWRITABLE,
        "detail": reason[:2000],
        "payload": repr(point).encode(errors="replace"),
    }
    conn.execute(insert(quarantine).values(**row))
