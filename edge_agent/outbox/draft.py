"""A message before the outbox gives it its place: everything but epoch and sequence."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import msgspec

from linli_contract.payloads import Picture
from linli_contract.topics import Channel


class Lane(IntEnum):
    """Drained in this order; dropped in the opposite one."""

    LIFE_SAFETY = 0
    EVENTS = 1
    TELEMETRY = 2

    @property
    def label(self) -> str:
        """The name on the wire."""
        return self.name.lower()


@dataclass(frozen=True)
class Draft:
    """One message to be kept."""

    id: str
    type: str
    """The envelope's ``type``."""
    subject: str
    time: datetime
    """Capture time, UTC."""
    kind: str
    """The payload's schema: observation, reading, health, tombstone."""
    data: msgspec.Raw
    lane: Lane
    channel: Channel
    name: str = ""
    """The topic's last part, where the channel has one."""
    pictures: tuple[Picture, ...] = ()
    """Pictures that follow once the hub has this message."""
