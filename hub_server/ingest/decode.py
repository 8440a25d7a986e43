"""Bytes to messages; what is wrong gets a reason and goes to quarantine."""

from typing import TypeVar

import msgspec

from hub_server.ingest.types import (
    EventMessage,
    Message,
    Payload,
    Received,
    RefusedMessage,
    State,
    StateMessage,
)
from linli_contract import envelope as envelopes
from linli_contract import topics
from linli_contract.envelope import Envelope
from linli_contract.errors import ContractError, DecodeError
from linli_contract.event_types import (
    ENVELOPE_EVENT,
    ENVELOPE_HEALTH,
    ENVELOPE_READING,
    EVENT_TYPES,
    TOMBSTONE,
)
from linli_contract.payloads import (
    Health,
    Observation,
    Reading,
    Reply,
    Status,
    Tombstone,
    TwinReported,
)
from linli_contract.topics import Channel, Topic

_STATES: dict[Channel, type[State]] = {
    Channel.STATUS: Status,
    Channel.TWIN_REPORTED: TwinReported,
    Channel.REPLY: Reply,
}
S = TypeVar("S", bound=State)


class SourceError(ContractError):
    """A device speaks for another one."""

    reason = "wrong_source"


class TypeNameError(ContractError):
    """The envelope's type is none the contract knows, or not that of its topic."""

    reason = "wrong_type"


def decode(received: Received, county: str) -> Message:
    """What ``received`` says; never raises."""
    try:
        topic = topics.parse(received.topic)
    except ContractError as error:
        return RefusedMessage(received, "", error.reason, str(error))
    try:
        return _decode(received, topic, county)
    except ContractError as error:
        sequence = envelopes.salvage(received.payload)
        return RefusedMessage(received, topic.device, error.reason, str(error), sequence)


def _decode(received: Received, topic: Topic, county: str) -> Message:
    if topic.county != county:
        raise SourceError(f"county: expected {county!r}, got {topic.county!r}")
    if topic.channel in _STATES:
        payload = _state(received.payload, _STATES[topic.channel])
        return StateMessage(received, topic, payload)
    if topic.channel not in (Channel.EVENT, Channel.READING, Channel.HEALTH):
        raise TypeNameError(f"channel: expected one a device sends on, got {topic.channel}")
    envelope = envelopes.decode(received.payload)
    if (envelope.county, envelope.device) != (topic.county, topic.device):
        expected = envelopes.source_of(topic.county, topic.device)
        raise SourceError(f"source: expected {expected} on this topic, got {envelope.source}")
    return EventMessage(received, topic, envelope, _payload(envelope, topic), envelope.number)


def _payload(envelope: Envelope, topic: Topic) -> Payload:
    if envelope.type != _type_of(topic):
        raise TypeNameError(f"type: expected {_type_of(topic)!r}, got {envelope.type!r}")
    match topic.channel:
        case Channel.READING:
            return envelopes.decode_data(envelope, Reading)
        case Channel.HEALTH:
            return envelopes.decode_data(envelope, Health)
    if topic.name == TOMBSTONE:
        return envelopes.decode_data(envelope, Tombstone)
    if topic.name not in EVENT_TYPES:
        known = ", ".join(EVENT_TYPES)
        raise TypeNameError(f"type: expected one of {known}, got {topic.name!r}")
    return envelopes.decode_data(envelope, Observation)


def _type_of(topic: Topic) -> str:
    match topic.channel:
        case Channel.READING:
            return ENVELOPE_READING
        case Channel.HEALTH:
            return ENVELOPE_HEALTH
    return ENVELOPE_EVENT + topic.name


def _state(payload: bytes, kind: type[S]) -> S:
    try:
        return msgspec.json.decode(payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DecodeError(f"{kind.__name__.lower()}: {error}") from None
