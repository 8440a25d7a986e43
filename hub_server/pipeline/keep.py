"""keep: every message goes into the ledger once, or into quarantine with its reason."""

from sqlalchemy import Connection

from hub_server.ingest.types import EventMessage, Message, RefusedMessage, StateMessage
from hub_server.ledger import counters
from hub_server.ledger.tables import inbox, tombstones
from hub_server.ledger.upsert import insert
from hub_server.pipeline import arrivals, observations, states
from hub_server.pipeline.quarantine import put_aside
from hub_server.pipeline.registry import Registry
from hub_server.pipeline.work import Parts, Work
from linli_contract.payloads import Health, Observation, Tombstone


def keep(conn: Connection, work: Work, registry: Registry, parts: Parts) -> None:
    """Store what is new; the rest is counted by what became of it."""
    for message in work.batch:
        reason = _refusal(message, registry)
        if reason is not None:
            put_aside(conn, message, *reason, work.receipts)
            work.counts["received"] += 1
        elif isinstance(message, StateMessage):
            states.apply(conn, message, work.now)
            work.changed = True
        elif isinstance(message, EventMessage):
            _keep_event(conn, message, work, registry, parts)
    states.seen(conn, work.batch, registry, work.now)


def _refusal(message: Message, registry: Registry) -> tuple[str, str] | None:
    if isinstance(message, RefusedMessage):
        return message.reason, message.detail
    device = message.topic.device
    reason = registry.refusal(device)
    return (reason, f"device: expected an enrolled one, got {device!r}") if reason else None


def _keep_event(
    conn: Connection, message: EventMessage, work: Work, registry: Registry, parts: Parts
) -> None:
    work.counts["received"] += 1
    clock, late = arrivals.pass_clock(message, work, parts.limits)
    aged = arrivals.is_aged(message, parts.limits)
    if _store(conn, message, late or aged):
        work.counts["stored"] += 1
        work.kept.append(message)
        first = _effects(conn, message, work)
        items = arrivals.inputs_of(message, registry, late, aged, first)
        work.arrivals += [arrivals.Arrival(item, clock) for item in items]
    else:
        work.counts["duplicates"] += 1
    work.receipts.add(message.topic.device, message.envelope.epoch, message.sequence)


def _store(conn: Connection, message: EventMessage, late: bool) -> bool:
    envelope = message.envelope
    row = insert(conn, inbox).values(
        device=envelope.device,
        id=envelope.id,
        type=envelope.type[:64],
        subject=envelope.subject,
        time=envelope.time,
        received_at=message.received.at,
        epoch=envelope.epoch,
        sequence=message.sequence,
        late=late,
        payload=message.received.payload,
    )
    row = row.on_conflict_do_nothing(index_elements=["device", "id"])
    return conn.execute(row.returning(inbox.c.seq)).first() is not None


def _effects(conn: Connection, message: EventMessage, work: Work) -> bool:
    """What a message changes besides the inbox; True for the first one of an observation."""
    match message.payload:
        case Observation() as seen:
            first = observations.note(conn, message, seen, work.now)
            work.changed = work.changed or not first
            return first
        case Health() as health:
            states.health(conn, message, health)
        case Tombstone() as stone:
            _bury(conn, message, stone)
    return False


def _bury(conn: Connection, message: EventMessage, stone: Tombstone) -> None:
    row = insert(conn, tombstones).values(
        device=message.topic.device,
        epoch=stone.epoch,
        lane=stone.lane,
        first=stone.first,
        last=stone.last,
        count=stone.count,
        cause=stone.cause,
        received_at=message.received.at,
    )
    conn.execute(row)
    counters.add(conn, "dropped", stone.count)
