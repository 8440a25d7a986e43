"""Goes round what the rules remember and drops what nobody needs any more, a piece a tick.

The pipeline does it itself: what rules remember is in its memory, written through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from hub_server.alerting.book import CLOCK, Book, Draft
from hub_server.alerting.outlived import GONE, Review
from hub_server.alerting.rules import Rules
from hub_server.alerting.state import GroupState, KeyState
from hub_server.alerting.types import Ended
from hub_server.ledger.tables import devices, sources
from hub_server.pipeline.work import Parts

PIECE = 500
"""Places looked at with one tick: some milliseconds."""
ROUND = timedelta(hours=1)
"""From the beginning of one round to the next: what is looked for is days old."""
REVOKED = timedelta(days=1)
"""How long a revoked device is remembered: one revoked by mistake is enrolled again by then."""
Remembered = tuple[str, str, KeyState]
"""(rule, key, state)"""


class Forgetting:
    """Of one pipeline; belongs to its thread. A piece that fails is looked at in the next round."""

    def __init__(self) -> None:
        self._left: list[tuple[str, str]] = []
        self._next: datetime | None = None

    def piece(self, book: Book, now: datetime) -> list[Remembered]:
        """What to look at with this tick."""
        if not self._left and (self._next is None or now >= self._next):
            self._left, self._next = book.everywhere(), now + ROUND
        piece, self._left = self._left[:PIECE], self._left[PIECE:]
        found = [(rule, key, book.get(rule, key)) for rule, key in piece]
        return [(rule, key, state) for rule, key, state in found if state is not None]


def outlived(
    conn: Connection, book: Book, states: Sequence[Remembered], parts: Parts, now: datetime
) -> Draft:
    """What goes of ``states``, with the ends of its alerts; nothing is written yet."""
    draft = book.draft()
    review = Review(_senders(conn, book, states, now), parts.keeping, now)
    for name, key, state in states:
        left = _left(review, parts.rules, name, key, state)
        if left is state:
            continue
        draft.put(name, key, left)
        if state.alert and not left.alert:
            draft.end(Ended(state.alert, now, GONE))
    return draft


def _left(review: Review, rules: Rules, name: str, key: str, state: KeyState) -> KeyState:
    if name == CLOCK:
        return review.clock(key, state)
    rule = rules.named(name)
    return review.rule(rule, key, state) if rule else state  # a broken one waits to be mended


@dataclass(frozen=True)
class _Senders:
    """Those of one piece, as the ledger and the book have them."""

    devices: frozenset[str]
    sources: frozenset[tuple[str, str]]
    book: Book

    def enrolled(self, device: str) -> bool:
        return device in self.devices

    def registered(self, device: str, source: str) -> bool:
        return source == device or (device, source) in self.sources

    def heard(self, device: str) -> datetime | None:
        states = [self.book.get(CLOCK, key) for key in self.book.clocks(device)]
        return max((one.clock for one in states if one and one.clock), default=None)


def _senders(conn: Connection, book: Book, states: Sequence[Remembered], now: datetime) -> _Senders:
    names = {name for _, key, state in states for name in _devices(key, state)}
    here = select(devices.c.device, devices.c.revoked_at).where(devices.c.device.in_(names))
    since = now - REVOKED
    there = {name for name, at in conn.execute(here) if at is None or at > since}
    query = select(sources.c.device, sources.c.name).where(sources.c.device.in_(there))
    known = {(row.device, row.name) for row in conn.execute(query)}
    return _Senders(frozenset(there), frozenset(known), book)


def _devices(key: str, state: KeyState) -> set[str]:
    """All that ``state`` may be of; names that are no device's do no harm."""
    inner = state.inner
    parts = [*inner.parts, *inner.truths] if isinstance(inner, GroupState) else []
    keys = [key, *(name.partition("|")[2] for name in parts)]
    return {key.partition("/")[0] for key in keys} - {""}
