"""Which sequences of a device came, and which did not: gaps.

Per device and epoch the ledger holds the first and last sequence that came and the holes between
them, each with the time it was first seen. What the device declared dropped (a tombstone) is no
gap; neither is what may still come.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, select

from hub_server.ledger.bulk import upsert_rows
from hub_server.ledger.tables import sequences, tombstones
from hub_server.pipeline.spans import Hole, Span, Spans, extend, without

SHOWN_AFTER = timedelta(minutes=10)
"""How long a missing sequence may be on its way: lanes overtake each other, and what is not
acknowledged is sent again after 60 s."""
FORGOTTEN_AFTER = timedelta(days=30)
"""An epoch nobody speaks in any more."""

_KNOWN = select(sequences).where(sequences.c.device.in_(bindparam("names", expanding=True)))


@dataclass(frozen=True)
class Gap:
    """Sequences that did not come and that nobody declared dropped."""

    device: str
    epoch: str
    first: int
    last: int
    since: datetime


Name = tuple[str, str]
"""(device, epoch)"""
Memory = Callable[[str], Spans | None]
"""What of a device is kept in memory; None: of this one nothing is."""


def note(
    conn: Connection,
    kept: Mapping[str, Mapping[str, set[int]]],
    now: datetime,
    memory: Memory = lambda _: None,
) -> dict[Name, Span]:
    """Write down what came: device → epoch → sequences. What ``memory`` has is not read.

    Returns:
        What :func:`remember` is to be given once this is committed, and never before.
    """
    names = [(device, epoch) for device, epochs in kept.items() for epoch in epochs]
    known = {name: span for name in names if (span := _recall(memory, name, now))}
    known |= _read_spans(conn, [name for name in names if name not in known])
    spans = {name: extend(known.get(name), kept[name[0]][name[1]], now) for name in names}
    if spans:
        rows = [_row(name, span, now) for name, span in spans.items()]
        upsert_rows(conn, sequences, _KEYS, _FIELDS, rows)
    return spans


def remember(memory: Memory, spans: Mapping[Name, Span], now: datetime) -> None:
    """Keep what was committed at ``now``."""
    for (device, epoch), span in spans.items():
        found = memory(device)
        if found is not None:
            found.put(epoch, span, now)


def _recall(memory: Memory, name: Name, now: datetime) -> Span | None:
    found = memory(name[0])
    return found.get(name[1], now) if found is not None else None


def _read_spans(conn: Connection, names: Sequence[Name]) -> dict[Name, Span]:
    devices = list({device for device, _ in names})
    rows = conn.execute(_KNOWN, {"names": devices}) if devices else ()
    found = {(row.device, row.epoch): row for row in rows}
    return {
        name: Span(found[name].first, found[name].last, _read(found[name].holes))
        for name in names
        if name in found
    }


_KEYS = ("device", "epoch")
_FIELDS = ("first", "last", "holes", "oldest_hole", "newest_at")


def _row(name: tuple[str, str], span: Span, now: datetime) -> Sequence[object]:
    holes = [[first, last, since.isoformat()] for first, last, since in span.holes]
    oldest = min([hole[2] for hole in span.holes], default=None)
    return (*name, span.first, span.last, holes, oldest, now)


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
        found += [Gap(row.device, row.epoch, *hole) for hole in without(old, declared)]
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
