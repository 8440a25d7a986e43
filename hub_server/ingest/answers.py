"""What the broker says to what the hub sends with QoS 1: the reason code of its PUBACK.

gmqtt 0.8 drops a message when any PUBACK is there, and does not read why: a broker whose access
list forbids the topic looks like one that took it. So its storage of messages on their way, which
it lets us choose, is one that remembers what was said to each.
"""

import struct

from gmqtt import Client
from gmqtt.mqtt.constants import MQTTCommands
from gmqtt.storage import PersistentStorage

TAKEN = 0x00
NOBODY = 0x10
"""Taken, but nobody is subscribed: what is not retained is gone."""
FAILED = 0x80
"""From here on the broker refuses."""


class Answers(PersistentStorage):  # type: ignore[misc] # gmqtt says no types
    """Of one connection: as gmqtt's own, and the broker's codes in the order of sending."""

    def __init__(self) -> None:
        super().__init__()
        self._codes: list[int] = []
        self._place: dict[int, int] = {}

    def listen(self, client: Client) -> None:
        """Read each PUBACK of the client's connection before gmqtt does."""
        handler = client._package_handler  # neither it nor its handlers have public names
        gmqtts_way = handler._handle_puback_packet

        def came(command: int, packet: bytes) -> None:
            self._heard(packet)
            gmqtts_way(command, packet)

        handler._handler_cache[MQTTCommands.PUBACK] = came

    def push_message(self, mid: int, raw_package: bytes) -> None:
        """A message is on its way."""
        self._place[mid] = len(self._codes)
        self._codes.append(TAKEN)
        super().push_message(mid, raw_package)

    def told(self) -> list[int]:
        """The codes since the last call, a message each; MQTT 3.1.1 has none but 0."""
        codes, self._codes, self._place = self._codes, [], {}
        return codes

    def _heard(self, packet: bytes) -> None:
        (number,) = struct.unpack("!H", packet[:2])
        place = self._place.pop(number, None)
        if place is not None and len(packet) > 2:  # without a code it was taken
            self._codes[place] = packet[2]
