"""From where to where the sequences of a device came, and the holes between them; pure.

What came lately is kept in memory, so that a batch need not read it from the ledger.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from linli_contract.ranges import to_ranges

MOST_HOLES = 200
"""Of one device and epoch; of more, the oldest are joined into one that spans them."""
FEW_HOLES = 8
"""Spans with more are read from the ledger each time: 20,000 devices would fill the memory."""
MOST_EPOCHS = 2
"""Of one device in memory; a device has one, and for a while after it was set up anew another."""
FRESH = timedelta(hours=1)
"""What nobody spoke of for longer is read again: by then it may have been pruned."""

Hole = tuple[int, int, datetime]
"""First and last missing sequence, and since when they are missed."""


class Span(msgspec.Struct, frozen=True, gc=False):
    """What came of one device and epoch."""

    first: int
    last: int
    holes: tuple[Hole, ...] = ()


class Spans:
    """What came of one device, as of the newest commit."""

    __slots__ = ("_by_epoch",)

    def __init__(self) -> None:
        self._by_epoch: dict[str, tuple[Span, datetime]] = {}
        """With the time of that commit; the newest last."""

    def get(self, epoch: str, now: datetime) -> Span | None:
        """None where the ledger must be asked."""
        span, at = self._by_epoch.get(epoch, (None, now))
        return span if now - at < FRESH else None

    def put(self, epoch: str, span: Span, now: datetime) -> None:
        """It is committed."""
        self._by_epoch.pop(epoch, None)
        if len(span.holes) <= FEW_HOLES:
            self._by_epoch[epoch] = (span, now)
        if len(self._by_epoch) > MOST_EPOCHS:
            del self._by_epoch[next(iter(self._by_epoch))]


def extend(span: Span | None, numbers: Iterable[int], now: datetime) -> Span:
    """``span`` after ``numbers`` came; pure.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [hole[:2] for hole in extend(None, [1, 2, 5], noon).holes]
    [(3, 4)]
    """
    came = to_ranges(numbers)
    if span and not span.holes and len(came) == 1 and came[0][0] == span.last + 1:
        return Span(span.first, came[0][1])  # nothing is missing, as nearly always
    if not came:
        raise ValueError("numbers: expected at least one, got none")
    first, last = (span.first, span.last) if span else (came[0][0], came[0][0])
    holes = list(span.holes) if span else []
    if came[0][0] < first:
        holes.append((came[0][0], first - 1, now))
    if came[-1][1] > last:
        holes.append((last + 1, came[-1][1], now))
    left = sorted(without(holes, came))
    return Span(min(first, came[0][0]), max(last, came[-1][1]), tuple(_bounded(left)))


def without(holes: Iterable[Hole], ranges: Sequence[tuple[int, int]]) -> list[Hole]:
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
