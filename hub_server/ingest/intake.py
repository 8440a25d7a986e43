"""What one connection brings: handed on, and acknowledged to the broker after the commit.

gmqtt 0.8 makes a task, a coroutine and a dictionary of properties for each message and looks its
reason code up in a list: more work than to decode what the message says. What nearly every
message is (QoS 1, a topic, no properties) is read here instead. All else goes gmqtt's way, to the
coroutine in mqtt.py. The promise is the same, and the PUBACK leaves on the connection that the
message came on. See docs/decisions/0015-plain-messages-take-a-shortcut.md.
"""

import asyncio
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial

import structlog
from gmqtt import Client
from gmqtt.mqtt.constants import MQTTCommands, MQTTv50

from hub_server.ingest.brake import Brake, transport_of
from hub_server.ingest.source import Deliver
from hub_server.ingest.types import Received

log = structlog.get_logger("ingest")
Answer = asyncio.Future[bool]
"""Done when the ledger has a message, or there was no room for it."""
_QOS, _QOS_1 = 0x06, 0x02
_PUBACK = b"\x40\x02"
"""Without a reason code, which says success in both versions of the protocol."""


def plain(packet: bytes, version: int) -> tuple[bytes, str, bytes] | None:
    """Packet id, topic and payload of a QoS 1 PUBLISH; None where it is not a plain one.

    Raises:
        IndexError, UnicodeDecodeError: it is broken.
    """
    end = 2 + (packet[0] << 8 | packet[1])
    start = end + 2
    if version == MQTTv50:
        if packet[start]:  # it has properties
            return None
        start += 1
    topic, payload = packet[2:end].decode(), packet[start:]
    if len(packet) < start:
        raise IndexError("a PUBLISH that ends before its payload")
    return (packet[end : end + 2], topic, payload) if topic else None


class Intake:
    """Of one connection, from when it is accepted.

    Args:
        deliver: hands a message on.
        most: how many may wait for the ledger before the connection is read no further.
    """

    def __init__(self, client: Client, deliver: Deliver, most: int) -> None:
        # none of these has a public name
        self._transport = transport_of(client._connection)
        self._version = client._connection_state.protocol_version
        self._gmqtts_way = client._package_handler._handle_publish_packet
        client._package_handler._handler_cache[MQTTCommands.PUBLISH] = self._came
        self._deliver = deliver
        self._brake = Brake(self._transport, most)
        self._context = copy_context()  # one for all: asyncio would copy it for each callback

    async def take(self, topic: str, payload: bytes) -> None:
        """Return when the ledger has it; never raises, however it ends."""
        answer = self._hand_on(topic, payload)
        answer.add_done_callback(partial(self._ended, len(payload)))
        await asyncio.wait({answer})

    def _came(self, command: int, packet: bytes) -> None:
        try:
            found = plain(packet, self._version) if command & _QOS == _QOS_1 else None
        except (IndexError, UnicodeDecodeError):  # gmqtt says what is wrong
            found = None
        if found is None:
            self._gmqtts_way(command, packet)
            return
        number, topic, payload = found
        answer = self._hand_on(topic, payload)
        acknowledge = partial(self._acknowledge, number, len(payload))
        answer.add_done_callback(acknowledge, context=self._context)

    def _hand_on(self, topic: str, payload: bytes) -> Answer:
        self._brake.came(len(payload))
        return asyncio.ensure_future(self._deliver(Received(topic, payload, datetime.now(UTC))))

    def _acknowledge(self, number: bytes, size: int, answer: Answer) -> None:
        self._ended(size, answer)
        if not answer.cancelled() and not self._transport.is_closing():
            self._transport.write(_PUBACK + number)

    def _ended(self, size: int, answer: Answer) -> None:
        self._brake.gone(size)
        if not answer.cancelled() and (error := answer.exception()):
            # acknowledged all the same: its device sends it again, and the broker's window stays
            log.error("message not taken in", exc_info=error)
