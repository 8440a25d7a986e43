"""A publisher on a real broker, and a hub that a test moves by hand."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.clock import Clock
from edge_agent.outbox import Database, Limits, Outbox
from edge_agent.publisher import BrokerSettings, DeleteOn, Publisher
from edge_agent.publisher.client import Identity
from linli_contract.envelope import Envelope, decode
from linli_contract.payloads import Ack, AckRange, Status
from linli_contract.ranges import to_ranges
from linli_contract.topics import Channel, Topic, build, hub_filters, parse
from tests.edge_agent.outbox.outbox_kit import SOURCE

COUNTY, DEVICE = "330899", "pi-0001"
IDENTITY = Identity(COUNTY, DEVICE, "test")
NOW = Clock().now


def eventually(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    """Wait until ``condition`` holds; fails with ``what`` when it does not."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


class Hub:
    """Listens as the county hub does; acknowledges only when told."""

    def __init__(self, port: int, username: str = "", password: str = "") -> None:
        self.events: list[Envelope] = []
        self.statuses: list[Status] = []
        self.others: list[tuple[Topic, bytes]] = []
        self.auto_ack = False
        self._ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, "hub", protocol=mqtt.MQTTv5)
        if username:
            self.client.username_pw_set(username, password)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._ready.wait(10)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(name, 1) for name in hub_filters("+")])

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        topic = parse(message.topic)
        if topic.channel is Channel.STATUS:
            self.statuses.append(msgspec.json.decode(message.payload, type=Status))
        elif topic.channel in (Channel.EVENT, Channel.READING, Channel.HEALTH):
            self.events.append(decode(message.payload))
            if self.auto_ack:
                self.ack()
        else:
            self.others.append((topic, bytes(message.payload)))

    def ids(self) -> set[str]:
        return {event.id for event in self.events}

    def ack(self) -> None:
        """Acknowledge all that came."""
        by_epoch: dict[str, list[int]] = {}
        for event in self.events:
            by_epoch.setdefault(event.epoch, []).append(event.number)
        ranges = [AckRange(e, a, b) for e, n in by_epoch.items() for a, b in to_ranges(n)]
        self.down(Channel.ACK, msgspec.json.encode(Ack(tuple(ranges))))

    def down(self, channel: Channel, body: bytes, name: str = "", retain: bool = False) -> None:
        self.client.publish(build(COUNTY, DEVICE, channel, name), body, qos=1, retain=retain)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def listening(port: int, username: str = "", password: str = "") -> Iterator[Hub]:
    hub = Hub(port, username, password)
    try:
        yield hub
    finally:
        hub.close()


def open_edge(
    folder: Path, port: int, delete_on: DeleteOn = "hub_ack", **settings: object
) -> tuple[Outbox, Publisher, list[tuple[Topic, bytes]]]:
    """An outbox and its publisher, not started; and what came as control."""
    controls: list[tuple[Topic, bytes]] = []
    database = Database(folder / "outbox.sqlite", SOURCE, lambda: f"epoch-{folder.name}")
    outbox = Outbox(database, SOURCE, Limits(resend_s=3.0))
    broker = BrokerSettings.model_validate(
        {"host": "127.0.0.1", "port": port, "protocol": "5", **settings}
    )
    publisher = Publisher(
        broker,
        IDENTITY,
        outbox,
        NOW,
        lambda topic, body: controls.append((topic, body)),
        base=folder,
        delete_on=delete_on,
        jitter=lambda: 0.0,
    )
    return outbox, publisher, controls


@contextmanager
def edge(
    folder: Path, port: int, delete_on: DeleteOn = "hub_ack", **settings: object
) -> Iterator[tuple[Outbox, Publisher]]:
    outbox, publisher, _ = open_edge(folder, port, delete_on, **settings)
    publisher.start()
    try:
        yield outbox, publisher
    finally:
        publisher.stop()
