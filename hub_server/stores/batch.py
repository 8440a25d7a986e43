"""One batch of lines into a store, whatever it says: what it took and what it never will."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert

from hub_server.ledger import counters
from hub_server.ledger.tables import quarantine
from hub_server.stores.figures import WriterFigures
from hub_server.stores.marks import seconds_of
from hub_server.stores.store import Refused, Store
from hub_server.stores.waiting import SeriesRow

ASIDE = 100
"""Refused lines of one batch that are kept in quarantine; more are only counted, so that a broken
store does not push the devices' messages out of it."""
REASON = "point_refused"


@dataclass
class Outcome:
    """What became of a batch."""

    taken: list[str] = field(default_factory=list)
    too_old: int = 0
    """Beyond the raw retention: the store would drop them at once."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Line and reason."""


def write(
    store: Store, rows: Sequence[SeriesRow], oldest: datetime, figures: WriterFigures
) -> Outcome:
    """Write the lines of ``rows``; what is refused is halved until the bad lines are alone.

    Raises:
        RetryLater: the store takes nothing now; all lines are to be written again.
    """
    outcome, limit = Outcome(), int(oldest.timestamp())
    lines = list[str]()
    for row in rows:
        if _is_fresh(row.text, limit):
            lines += row.lines()
        else:
            outcome.too_old += row.points
    if lines:
        _halving(store, lines, outcome, figures)
    return outcome


def note(conn: Connection, outcome: Outcome, store: str, now: datetime) -> None:
    """Set aside what was refused, and count what is lost."""
    if outcome.refused:
        counters.add(conn, "points_refused", len(outcome.refused))
        conn.execute(insert(quarantine), list(_aside(outcome, store, now)))
    if outcome.too_old:
        counters.add(conn, "points_too_old", outcome.too_old)


def _is_fresh(text: str, limit: int) -> bool:
    """What has no time is the store's to refuse."""
    seconds = seconds_of(text)
    return seconds is None or seconds >= limit


def _halving(store: Store, lines: Sequence[str], outcome: Outcome, figures: WriterFigures) -> None:
    try:
        store.write(lines)
    except Refused as error:
        if len(lines) == 1:
            outcome.refused.append((lines[0], str(error)))
            return
        figures.split()
        half = len(lines) // 2
        _halving(store, lines[:half], outcome, figures)
        _halving(store, lines[half:], outcome, figures)
    else:
        outcome.taken += lines


def _aside(outcome: Outcome, store: str, now: datetime) -> Iterator[dict[str, object]]:
    for line, reason in outcome.refused[:ASIDE]:
        yield {
            "received_at": now,
            "topic": f"series/{store}",
            "reason": REASON,
            "detail": reason[:2000],
            "payload": line.encode(errors="replace"),
        }
