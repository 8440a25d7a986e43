"""Messages as inputs of rules, each with its source's clock."""

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

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


class Timed(msgspec.Struct, frozen=True, gc=False):
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
    device, envelope, arrived = message.topic.device, message.envelope, message.received.at
    key = f"{device}/{envelope.subject}"
    state = work.draft.get(CLOCK, key)
    before = state.clock if state else None
    time = min(envelope.time, arrived, work.now)
    clock = max(before, time) if before else time
    if clock != before and not is_ahead(message):
        if before is None:
            _make_room(work, device)
        community = registry.community(device)
        work.draft.put(CLOCK, key, KeyState(clock=clock, community=community))
    late = envelope.time < clock - limits.late
    judged_at = work.now if work.replayed else arrived
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


def _every(_metric: str) -> bool:
    return True


def inputs_of(
    one: Timed, registry: Registry, first: bool, judge: Callable[[str], bool] = _every
) -> Iterable[Input]:
    """What the rules see of a message.

    Args:
        first: it begins an observation.
        judge: whether any rule looks at a metric; of others no input is made.
    """
    message, late, aged = one.message, one.late, one.aged
    match message.payload:
        case Observation() as seen if not seen.test:
            phase: InputPhase = "start" if first else "end" if seen.phase is END else "update"
            return [_observation(message, seen, registry, late, aged, phase)]
        case Reading() as reading:
            return [
                _measurement(message, value, registry, late, aged)
                for value in reading.values
                if judge(value.metric) and value.quality in JUDGED
            ]
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
