"""From what was seen or measured to a message: id, type, subject, time and lane.

Epoch and sequence come with the outbox.
"""

from datetime import datetime

from edge_agent.outbox import Draft, Lane
from edge_agent.types import Observed
from linli_contract.envelope import encode_data
from linli_contract.event_types import (
    ENVELOPE_HEALTH,
    ENVELOPE_READING,
    EVENT_TYPES,
    envelope_type,
)
from linli_contract.payloads import Health, Reading
from linli_contract.topics import Channel


def observation_draft(observed: Observed, message_id: str) -> Draft:
    """The message of one start, update or end of an observation.

    Raises:
        KeyError: its event type is not in the contract.
    """
    event_type = EVENT_TYPES[observed.event_type]
    return Draft(
        id=message_id,
        type=envelope_type(event_type.name),
        subject=observed.camera,
        time=observed.time,
        kind="observation",
        data=encode_data(observed.payload),
        lane=Lane.LIFE_SAFETY if event_type.life_safety else Lane.EVENTS,
        channel=Channel.EVENT,
        name=event_type.name,
        pictures=observed.payload.pictures,
    )


def reading_draft(reading: Reading, device: str, time: datetime, message_id: str) -> Draft:
    """The message of one round of the sensors; ``time`` is when they were read."""
    return Draft(
        id=message_id,
        type=ENVELOPE_READING,
        subject=device,
        time=time,
        kind="reading",
        data=encode_data(reading),
        lane=Lane.TELEMETRY,
        channel=Channel.READING,
    )


def health_draft(health: Health, device: str, time: datetime, message_id: str) -> Draft:
    """The heartbeat."""
    return Draft(
        id=message_id,
        type=ENVELOPE_HEALTH,
        subject=device,
        time=time,
        kind="health",
        data=encode_data(health),
        lane=Lane.TELEMETRY,
        channel=Channel.HEALTH,
    )
