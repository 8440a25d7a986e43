"""One connection to the broker, from CONNECT to its end, in the publisher's thread.

connecting → CONNACK → subscribing → SUBACK → ready: only then rows go, so that no
acknowledgement of the hub can pass before we listen.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.client import ConnectFlags, DisconnectFlags
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.publisher import reasons
from edge_agent.publisher.client import ONLINE, Identity, status
from linli_contract.faults import fault
from linli_contract.topics import Channel, device_filters

REFUSED = 0x80  # reason codes from here on are refusals (MQTT 5, section 2.4)
PUBACK_S = 30.0
OnMessage = Callable[[str, bytes], None]


@dataclass
class Session:
    """What happened on one connection; the callbacks only note it."""

    client: mqtt.Client
    identity: Identity
    connection: str
    on_message: OnMessage
    window: int
    """Most messages without PUBACK; less where the broker's receive maximum says so."""
    quiet: bool = False
    """Do not say that the device is online."""
    ready: bool = False
    answered: bool = False
    fault: str = ""
    """Why it ended, or what is refused on it."""
    in_flight: dict[int, tuple[int, float]] = field(default_factory=dict)
    """message id → sequence, monotonic time at which it was handed over"""
    sent: list[int] = field(default_factory=list)
    """sequences with PUBACK, not yet marked"""
    refused: list[int] = field(default_factory=list)
    """sequences whose PUBACK refuses, not yet marked"""
    _ended: ReasonCode | None = None

    def __post_init__(self) -> None:
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_publish = self._on_publish
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message

    @property
    def room(self) -> int:
        """How many more messages may go now."""
        return self.window - len(self.in_flight) if self.ready else 0

    def publish(self, sequence: int, topic: str, body: bytes, mono: float) -> None:
        """Hand one row to the broker."""
        info = self.client.publish(topic, body, qos=1)
        if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.in_flight[info.mid] = (sequence, mono)

    def is_stuck(self, mono: float) -> bool:
        """Whether a PUBACK is overdue: those rows count as refused, and the connection is over.

        Some brokers answer a publish that they refuse with silence.
        """
        late = [row for row, since in self.in_flight.values() if mono - since > PUBACK_S]
        if late:
            self.refused += late
            self.fault = fault("broker_lost", f"no PUBACK within {PUBACK_S:g} s")
        return bool(late)

    def tell(self, topic: str, body: bytes, retain: bool = False) -> None:
        """Publish state (status, reply, twin), which is not counted."""
        self.client.publish(topic, body, qos=1, retain=retain)

    def turn(self, seconds: float) -> bool:
        """Let the network work for at most ``seconds``; False when the connection has ended."""
        if self.client.loop(seconds) == MQTTErrorCode.MQTT_ERR_SUCCESS:
            return True
        self.ready = False
        self.fault = self.fault or reasons.of_end(self._ended, self.answered)
        return False

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self.answered = True
        if code.is_failure:
            self.fault = reasons.of_refusal(code)
            return
        self.window = min(self.window, int(getattr(properties, "ReceiveMaximum", self.window)))
        filters = device_filters(self.identity.county, self.identity.device)
        client.subscribe([(name, 1) for name in filters])

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        _mid: int,
        codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if any(code.is_failure for code in codes):
            self.fault = fault("subscribe_refused", self.identity.device)
        self.ready = True
        if self.quiet:
            return
        topic = self.identity.topic(Channel.STATUS)
        self.tell(topic, status(ONLINE, self.connection, self.identity), retain=True)

    def _on_publish(
        self,
        _client: mqtt.Client,
        _data: object,
        mid: int,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if mid in self.in_flight:
            sequence, _ = self.in_flight.pop(mid)
            (self.refused if code.value >= REFUSED else self.sent).append(sequence)

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if flags.is_disconnect_packet_from_server:
            self._ended = code

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.on_message(message.topic, bytes(message.payload))
