"""keep: every message goes into the ledger once, or into quarantine with its reason.

A batch costs a few statements, not a few per message: what it holds is sorted first and written
kind by kind.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from hub_server.ingest.types import EventMessage, Message, RefusedMessage, StateMessage, device_of
from hub_server.ledger.tables import tombstones
from hub_server.pipeline import arrivals, inbox, observations, states
from hub_server.pipeline.quarantine import put_aside
from hub_server.pipeline.refusals import REASONS
from hub_server.pipeline.registry import Registry
from hub_server.pipeline.work import Parts, Work
from linli_contract.payloads import Health, Observation, Tombstone

RATE = "rate"
"""Why a message is in quarantine that only came too fast: replayed, it is taken in."""


def keep(conn: Connection, work: Work, registry: Registry, parts: Parts) -> None:
    """Store what is new; the rest is counted by what became of it."""
    events = _admit(conn, work, registry)
    timed = [arrivals.timed(message, work, registry, parts.limits) for message in events]
    new = inbox.store(conn, timed)
    work.counts["stored"] += len(new)
    work.counts["duplicates"] += len(timed) - len(new)
    work.kept = [one.message for one in new]
    begun = _effects(conn, work)
    for one in new:
        first = (one.message.topic.device, one.message.envelope.id) in begun
        items = arrivals.inputs_of(one, registry, first, parts.rules.judge)
        work.arrivals += [arrivals.Arrival(item, one.clock) for item in items]
    for message in events:
        work.receipts.add(message.topic.device, message.envelope.epoch, message.sequence)
    states.seen(conn, events, work.now)


def _admit(conn: Connection, work: Work, registry: Registry) -> list[EventMessage]:
    """The events that may come in; states are applied, what is refused is put aside."""
    events: list[EventMessage] = []
    for message in work.batch:
        reason = _refusal(message, registry)
        if reason is not None:
            put_aside(conn, message, *reason, work)
            work.counts["received"] += 1
            _count_refused(message, reason[0], work)
        elif isinstance(message, StateMessage):
            states.apply(conn, message, work.now)
            work.changed = True
        elif isinstance(message, EventMessage):
            work.counts["received"] += 1
            if work.rate is not None and work.rate.exceeded(message, work.now):
                put_aside(conn, message, RATE, "more messages than a device may make", work)
            else:
                events.append(message)
    return events


def _count_refused(message: Message, reason: str, work: Work) -> None:
    if reason in REASONS:
        work.refused[device_of(message), reason] += 1


def _refusal(message: Message, registry: Registry) -> tuple[str, str] | None:
    if isinstance(message, RefusedMessage):
        return message.reason, message.detail
    device = device_of(message)
    reason = registry.refusal(device)
    return (reason, f"device: expected an enrolled one, got {device!r}") if reason else None


def _effects(conn: Connection, work: Work) -> set[tuple[str, str]]:
    """What the kept messages change besides the inbox; (device, id) of each that begins an
    observation."""
    seen = [(m, m.payload) for m in work.kept if isinstance(m.payload, Observation)]
    healths = [(m, m.payload) for m in work.kept if isinstance(m.payload, Health)]
    stones = [(m, m.payload) for m in work.kept if isinstance(m.payload, Tombstone)]
    begun = observations.note(conn, seen, work.now) if seen else set()
    work.changed = work.changed or len(begun) < len(seen)
    if healths:
        states.healths(conn, healths)
    if stones:
        _bury(conn, stones, work)
    return begun


def _bury(conn: Connection, stones: Sequence[tuple[EventMessage, Tombstone]], work: Work) -> None:
    rows = [
        {
            "device": message.topic.device,
            "epoch": stone.epoch,
            "lane": stone.lane,
            "first": stone.first,
            "last": stone.last,
            "count": stone.count,
            "cause": stone.cause,
            "received_at": message.received.at,
        }
        for message, stone in stones
    ]
    conn.execute(insert(tombstones), rows)
    work.counts["dropped"] += sum(stone.count for _, stone in stones)
