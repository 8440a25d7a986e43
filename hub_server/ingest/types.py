"""A message on its way in: as it came, and as it was understood."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from hub_server.alerting.inputs import AlertInput
from linli_contract.envelope import Attributes
from linli_contract.payloads import (
    Health,
    Observation,
    Reading,
    Reply,
    Status,
    Tombstone,
    TwinReported,
)
from linli_contract.topics import Topic

ALERTS = -1
"""Stands for the one partition by which workers hand alerts to the second stage."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event log holds a message."""

    partition: int
    """Or :data:`ALERTS`."""
    offset: int


@dataclass(frozen=True, slots=True)
class Received:
    """One MQTT message and the hub's time of its arrival."""

    topic: str
    payload: bytes
    at: datetime
    place: Place | None = None
    """None for a source without partitions."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to a device, sent with QoS 1."""

    topic: str
    payload: bytes
    retain: bool


Payload = Observation | Reading | Health | Tombstone
State = Status | TwinReported | Reply


class EventMessage(msgspec.Struct, frozen=True, gc=False):
    """An envelope with its payload: counted, kept, acknowledged by sequence."""

    received: Received
    topic: Topic
    envelope: Attributes
    payload: Payload
    sequence: int


@dataclass(frozen=True, slots=True)
class StateMessage:
    """A state or an answer: no sequence, ordered by connection, timed by the hub."""

    received: Received
    topic: Topic
    payload: State


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """What could not be understood: goes to quarantine, and is acknowledged because it is kept."""

    received: Received
    device: str
    """From the topic; empty when that is not ours either."""
    reason: str
    detail: str
    sequence: tuple[str, int] | None = None
    """Epoch and sequence, where they could be read."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """An alert that a worker handed to the second stage; no device sent it."""

    received: Received
    alert: AlertInput


Message = EventMessage | StateMessage | RefusedMessage | AlertMessage


def device_of(message: Message) -> str:
    """Who sent it, by its topic; empty where that is not ours."""
    if isinstance(message, AlertMessage):
        return ""
    return message.device if isinstance(message, RefusedMessage) else message.topic.device
