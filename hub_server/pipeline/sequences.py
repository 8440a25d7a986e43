"""Which sequences of a device came, and which did not: gaps.

Per device and epoch the ledger holds the first and last sequence that came and the holes between
them, each with the time it was first seen. What the device declared dropped (a tombstone) is no
gap; neither is what may still come.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from hub_server.ledger.tables import sequences, tombstones
from hub_server.ledger.upsert import put
from linli_contract.ranges import to_ranges

SHOWN_AFTER = timedelta(minutes=10)
"""How long a missing sequence may be on its way: lanes overtake each other, and what is not
acknowledged is sent again after 60 s."""
MOST_HOLES = 200
"""Of one device and epoch; of more, the oldest are joined into one that spans them."""
FORGOTTEN_AFTER = timedelta(days=30)
"""An epoch nobody speaks in any more."""

Hole = tuple[int, int, datetime]
"""First and last missing sequence, and since when they are missed."""

_KNOWN = select(sequences).where(sequences.c.device.in_(bindparam("names", expanding=True)))


@dataclass(frozen=True)
class Span:
    """What came of one device and epoch."""

    first: int
    last: int
    holes: tuple[Hole, ...] = ()


@dataclass(frozen=True)
class Gap:
    """Sequences that did not come and that nobody declared dropped."""

    device: str
    epoch: str
    first: int
    last: int
    since: datetime


def extend(span: Span | None, numbers: Iterable[int], now: datetime) -> Span:
    """``span`` after ``numbers`` came; pure.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [hole[:2] for hole in extend(None, [1, 2, 5], noon).holes]
    [(3, 4)]
    """
    came = to_ranges(numbers)
    if not came:
        raise ValueError("numbers: expected at least one, got none")
    first, last = (span.first, span.last) if span else (came[0][0], came[0][0])
    holes = list(span.holes) if span else []
    if came[0][0] < first:
        holes.append((came[0][0], first - 1, now))
    if came[-1][1] > last:
        holes.append((last + 1, came[-1][1], now))
    left = sorted(_without(holes, came))
    return Span(min(first, came[0][0]), max(last, came[-1][1]), tuple(_bounded(left)))


def _without(holes: Iterable[Hole], ranges: Sequence[tuple[int, int]]) -> list[Hole]:
    """``holes`` less ``ranges``, which are sorted and apart."""
    left: list[Hole] = []
    for start, end, since in holes:
        at = start
        for first, last in ranges:
            if last < at or first > end:
                continue
            if first > at:
                left.append((at, first - 1, since))
            at = last + 1
        if at <= end:
            left.append((at, end, since))
    return left


def _bounded(holes: list[Hole]) -> list[Hole]:
    excess = len(holes) - MOST_HOLES
    if excess <= 0:
        return holes
    joined = holes[: excess + 1]
    since = min(hole[2] for hole in joined)
    return [(joined[0][0], joined[-1][1], since), *holes[excess + 1 :]]


def note(conn: Connection, kept: Mapping[str, Mapping[str, set[int]]], now: datetime) -> None:
    """Write down what came: device → epoch → sequences."""
    names = [(device, epoch) for device, epochs in kept.items() for epoch in epochs]
    if not names:
        return
    found = conn.execute(_KNOWN, {"names": list(kept)})
    known = {(row.device, row.epoch): row for row in found}
    rows = []
    for name in names:
        row = known.get(name)
        span = Span(row.first, row.last, _read(row.holes)) if row else None
        rows.append(_row(name, extend(span, kept[name[0]][name[1]], now), now))
    fields = ("first", "last", "holes", "oldest_hole", "newest_at")
    conn.execute(put(conn, sequences, ("device", "epoch"), fields), rows)


def _row(name: tuple[str, str], span: Span, now: datetime) -> dict[str, object]:
    return {
        "device": name[0],
        "epoch": name[1],
        "first": span.first,
        "last": span.last,
        "holes": [[first, last, since.isoformat()] for first, last, since in span.holes],
        "oldest_hole": min((hole[2] for hole in span.holes), default=None),
        "newest_at": now,
    }


def _read(holes: Iterable[tuple[int, int, str]]) -> tuple[Hole, ...]:
    return tuple((first, last, datetime.fromisoformat(since)) for first, last, since in holes)


def gaps(conn: Connection, now: datetime, device: str = "") -> list[Gap]:
    """What is missing for longer than :data:`SHOWN_AFTER`; of one device, or of all."""
    limit = now - SHOWN_AFTER
    query = select(sequences).where(sequences.c.oldest_hole <= limit)
    if device:
        query = query.where(sequences.c.device == device)
    found: list[Gap] = []
    for row in conn.execute(query.order_by(sequences.c.device, sequences.c.epoch)):
        declared = _declared(conn, row.device, row.epoch)
        old = [hole for hole in _read(row.holes) if hole[2] <= limit]
        found += [Gap(row.device, row.epoch, *hole) for hole in _without(old, declared)]
    return found


def _declared(conn: Connection, device: str, epoch: str) -> list[tuple[int, int]]:
    query = select(tombstones.c.first, tombstones.c.last).where(
        tombstones.c.device == device, tombstones.c.epoch == epoch
    )
    return sorted((first, last) for first, last in conn.execute(query))


def forget(conn: Connection, now: datetime) -> int:
    """Drop epochs nobody speaks in any more; how many."""
    old = sequences.c.newest_at < now - FORGOTTEN_AFTER
    return conn.execute(delete(sequences).where(old)).rowcount
