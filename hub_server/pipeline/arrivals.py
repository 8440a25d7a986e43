"""Messages as inputs of rules, each with its source's clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub_server.alerting.book import CLOCK
from hub_server.alerting.engine import Arrival, Limits
from hub_server.alerting.inputs import (
    JUDGED,
    HeartbeatInput,
    Input,
    MeasurementInput,
    ObservationInput,
)
from hub_server.alerting.inputs import Phase as InputPhase
from hub_server.alerting.state import KeyState
from hub_server.ingest.types import EventMessage
from hub_server.pipeline.ages import is_aged, is_ahead
from hub_server.pipeline.registry import Registry
from hub_server.pipeline.work import Work
from linli_contract.payloads import Health, Measurement, Observation, Phase, Reading

__all__ = ["CLOCK", "Arrival", "Timed", "inputs_of", "is_aged", "timed"]
MOST_CLOCKS = 256
"""Sources of one device whose clocks are kept: names that a device invents are no reason to grow.
"""
END = Phase.END


@dataclass(frozen=True, slots=True)
class Timed:
    """A message with its source's clock after it."""

    message: EventMessage
    clock: datetime
    late: bool
    """It came too far behind its source's clock to count."""
    aged: bool
    """It was older than the allowed lateness when it arrived."""


def timed(message: EventMessage, work: Work, registry: Registry, limits: Limits) -> Timed:
    """Pass the clock of the message's source, and say what that makes of the message.

    The clock is the newest event time of the source, never beyond the hub's now; a time that
    cannot be true yet does not move it.
    """
    key = f"{message.topic.device}/{message.envelope.subject}"
    state = work.draft.get(CLOCK, key)
    before = state.clock if state else None
    time = min(message.envelope.time, message.received.at, work.now)
    clock = max(before, time) if before else time
    if clock != before and not is_ahead(message):
        if before is None:
            _make_room(work, message.topic.device)
        community = registry.community(message.topic.device)
        work.draft.put(CLOCK, key, KeyState(clock=clock, community=community))
    late = message.envelope.time < clock - timedelta(seconds=limits.late_s)
    judged_at = work.now if work.replayed else message.received.at
    return Timed(message, clock, late, is_aged(message, limits, judged_at))


def _make_room(work: Work, device: str) -> None:
    """For one more source; the one that is furthest behind goes, and is counted."""
    clocks = work.draft.clocks(device)
    if len(clocks) < MOST_CLOCKS:
        return
    oldest = min(clocks, key=lambda key: (_clock(work, key), key))
    work.draft.put(CLOCK, oldest, KeyState())
    work.counts["clocks_dropped"] += 1


def _clock(work: Work, key: str) -> datetime:
    state = work.draft.get(CLOCK, key)
    return (state.clock if state else None) or work.now


def inputs_of(one: Timed, registry: Registry, first: bool) -> Iterable[Input]:
    """What the rules see of a message; ``first`` says that it begins an observation."""
    message, late, aged = one.message, one.late, one.aged
    match message.payload:
        case Observation() as seen if not seen.test:
            phase: InputPhase = "start" if first else "end" if seen.phase is END else "update"
            return [_observation(message, seen, registry, late, aged, phase)]
        case Reading() as reading:
            judged = (value for value in reading.values if value.quality in JUDGED)
            return [_measurement(message, value, registry, late, aged) for value in judged]
        case Health():
            return [_heartbeat(message, registry)]
    return []


def _observation(
    message: EventMessage,
    seen: Observation,
    registry: Registry,
    late: bool,
    aged: bool,
    phase: InputPhase,
) -> ObservationInput:
    return ObservationInput(
        site=registry.site(message.topic.device, message.envelope.subject),
        time=seen.triggered_at if phase == "start" else message.envelope.time,
        received_at=message.received.at,
        phase=phase,
        event_id=message.envelope.id,
        event_type=message.topic.name,
        observation_id=seen.observation_id,
        zone=seen.zone,
        label=seen.label,
        count=seen.count,
        confidence=seen.confidence,
        dwell_s=seen.dwell_s,
        pictures=tuple((picture.sha256, picture.kind) for picture in seen.pictures),
        late=late,
        aged=aged,
    )


def _measurement(
    message: EventMessage, value: Measurement, registry: Registry, late: bool, aged: bool
) -> MeasurementInput:
    return MeasurementInput(
        site=registry.site(message.topic.device, value.sensor),
        time=message.envelope.time,
        received_at=message.received.at,
        event_id=message.envelope.id,
        metric=value.metric,
        value=value.value,
        unit=value.unit,
        late=late,
        aged=aged,
    )


def _heartbeat(message: EventMessage, registry: Registry) -> HeartbeatInput:
    # Never late: that it arrives at all says that the device lives.
    return HeartbeatInput(
        site=registry.site(message.topic.device, message.topic.device),
        time=message.envelope.time,
        received_at=message.received.at,
        event_id=message.envelope.id,
    )
