"""Bytes to messages; what is wrong gets a reason and goes to quarantine."""

from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec

from hub_server.alerting.inputs import AlertInput
from hub_server.ingest.types import (
    ALERTS,
    AlertMessage,
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
from linli_contract.envelope import Envelope, Whole
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
_EVENTS = (Channel.EVENT, Channel.READING, Channel.HEALTH)
_DECODERS: dict[type[Payload], msgspec.json.Decoder[Whole[Payload]]] = {
    Observation: msgspec.json.Decoder(Whole[Observation]),
    Reading: msgspec.json.Decoder(Whole[Reading]),
    Health: msgspec.json.Decoder(Whole[Health]),
    Tombstone: msgspec.json.Decoder(Whole[Tombstone]),
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
    if received.place is not None and received.place.partition == ALERTS:
        return _handed_over(received)
    try:
        topic = topics.parse(received.topic)
    except ContractError as error:
        return RefusedMessage(received, "", error.reason, str(error))
    try:
        return _decode(received, topic, county)
    except ContractError as error:
        sequence = envelopes.salvage(received.payload)
        return RefusedMessage(received, topic.device, error.reason, str(error), sequence)


def _handed_over(received: Received) -> Message:
    try:
        return AlertMessage(received, msgspec.json.decode(received.payload, type=AlertInput))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return RefusedMessage(received, "", "not_an_alert", str(error))


def _decode(received: Received, topic: Topic, county: str) -> Message:
    way = _way(received.topic)
    if way is not None and topic.county == county:
        whole = envelopes.decode_whole(received.payload, way.decoder)
        if whole is not None and whole.source == way.source and whole.type == way.type:
            return EventMessage(received, topic, whole, whole.data, whole.number)
    return _decode_slowly(received, topic, county)


class _Way(NamedTuple):
    """What the messages of a topic must say, and how they are read."""

    source: str
    type: str
    decoder: msgspec.json.Decoder[Whole[Payload]]


@lru_cache(1 << 16)  # as topics.parse
def _way(text: str) -> _Way | None:
    """Of the topic ``text``; None for states, and for what nobody may send."""
    topic = topics.parse(text)
    kind = _payload_type(topic)
    if kind is None:
        return None
    return _Way(envelopes.source_of(topic.county, topic.device), _type_of(topic), _DECODERS[kind])


def _decode_slowly(received: Received, topic: Topic, county: str) -> Message:
    """Step by step, so that what is wrong is named."""
    if topic.county != county:
        raise SourceError(f"county: expected {county!r}, got {topic.county!r}")
    if topic.channel in _STATES:
        payload = _state(received.payload, _STATES[topic.channel])
        return StateMessage(received, topic, payload)
    if topic.channel not in _EVENTS:
        raise TypeNameError(f"channel: expected one a device sends on, got {topic.channel}")
    envelope = envelopes.decode(received.payload)
    if (envelope.county, envelope.device) != (topic.county, topic.device):
        expected = envelopes.source_of(topic.county, topic.device)
        raise SourceError(f"source: expected {expected} on this topic, got {envelope.source}")
    return EventMessage(received, topic, envelope, _payload(envelope, topic), envelope.number)


def _payload(envelope: Envelope, topic: Topic) -> Payload:
    if envelope.type != _type_of(topic):
        raise TypeNameError(f"type: expected {_type_of(topic)!r}, got {envelope.type!r}")
    kind = _payload_type(topic)
    if kind is None:
        known = ", ".join(EVENT_TYPES)
        raise TypeNameError(f"type: expected one of {known}, got {topic.name!r}")
    return envelopes.decode_data(envelope, kind)


def _payload_type(topic: Topic) -> type[Payload] | None:
    """None where the contract knows none."""
    match topic.channel:
        case Channel.READING:
            return Reading
        case Channel.HEALTH:
            return Health
        case Channel.EVENT if topic.name == TOMBSTONE:
            return Tombstone
        case Channel.EVENT if topic.name in EVENT_TYPES:
            return Observation
    return None


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
    except envelopes.UNREADABLE as error:
        raise DecodeError(f"{kind.__name__.lower()}: {error}") from None
