"""What every ingest source does, asked of MQTT and of Kafka."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from hub_server.bridge.writer import Writer
from hub_server.ingest.kafka_wire import headers_of
from hub_server.ingest.settings import KafkaSettings, MqttSettings
from hub_server.ingest.source import Source, make_source
from hub_server.ingest.types import Received
from linli_settings import ConfigError
from tests.support.kafka import Kafka
from tests.support.mosquitto import Mosquitto

COUNTY = "330899"
TOPIC = f"linli/v1/{COUNTY}/pi-0001/reading"
Put = Callable[[str, bytes], Awaitable[None]]


def mqtt_settings(broker: Mosquitto, **more: object) -> MqttSettings:
    place = {"type": "mqtt", "host": broker.host, "port": broker.port, "protocol": "5"}
    return MqttSettings.model_validate({**place, "reconnect_delay": "100ms", **more})


@dataclass
class Ledger:
    """What was delivered; for a source with partitions also how far each is read."""

    received: list[Received] = field(default_factory=list)
    positions: dict[int, int] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    lags: dict[int, int] = field(default_factory=dict)
    takes: bool = True

    async def deliver(self, received: Received) -> bool:
        self.received.append(received)
        if not self.takes:
            await asyncio.Event().wait()  # the ledger is away
        if received.place:
            self.positions[received.place.partition] = received.place.offset + 1
        return True

    def take(self, partition: int) -> int:
        self.held.add(partition)
        return self.positions.get(partition, 0)

    def leave(self, partition: int) -> None:
        self.held.discard(partition)

    def lag(self, partition: int, records: int) -> None:
        assert records >= 0
        self.lags[partition] = records

    def pulse(self, partition: int, at: datetime) -> None:
        pass

    def payloads(self) -> list[bytes]:
        return [one.payload for one in self.received]


class OnMqtt:
    def __init__(self, broker: Mosquitto) -> None:
        self.broker = broker

    def make(self, ledger: Ledger) -> Source:
        return make_source(mqtt_settings(self.broker), COUNTY, Path())

    def never(self, ledger: Ledger) -> Source:
        """One that speaks to nobody who could ever accept it."""
        self.broker.stop()
        refusing = Mosquitto(self.broker._folder / "closed", users={"hub": "right"})
        self.broker = refusing.start()
        return make_source(mqtt_settings(refusing), COUNTY, Path())

    async def put(self, topic: str, payload: bytes) -> None:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        await asyncio.to_thread(client.publish(topic, payload, qos=1).wait_for_publish, 10)
        client.disconnect()
        client.loop_stop()


class OnKafka:
    def __init__(self, broker: Mosquitto, server: Kafka) -> None:
        self.broker, self.server = broker, server
        self.topic = server.new_topic(2)

    def settings(self, topic: str) -> KafkaSettings:
        return KafkaSettings(
            type="kafka",
            servers=self.server.servers,
            topic=topic,
            group=topic,
            partitions=2,
            broker=mqtt_settings(self.broker),
        )

    def make(self, ledger: Ledger) -> Source:
        return make_source(self.settings(self.topic), COUNTY, Path(), ledger)

    def never(self, ledger: Ledger) -> Source:
        return make_source(self.settings("nobody-made-it"), COUNTY, Path(), ledger)

    async def put(self, topic: str, payload: bytes) -> None:
        writer = Writer(self.settings(self.topic), Path())
        writer.start()
        received = Received(topic, payload, datetime.now(UTC))
        await writer.write(1, "330899001001", payload, headers_of(received))
        await asyncio.to_thread(writer.stop)


Kind = OnMqtt | OnKafka


@pytest.fixture(params=["mqtt", "kafka"])
def kind(request: pytest.FixtureRequest, broker: Mosquitto) -> Kind:
    if request.param == "mqtt":
        return OnMqtt(broker)
    return OnKafka(broker, request.getfixturevalue("log_server"))


@asynccontextmanager
async def running(source: Source, ledger: Ledger) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(source.run(ledger.deliver))
    try:
        await until(lambda: source.connected_since is not None and not source.fault)
        yield task
    finally:
        await source.stop()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(fits: Callable[[], object], limit_s: float = 20.0) -> None:
    async with asyncio.timeout(limit_s):
        while not fits():
            await asyncio.sleep(0.02)


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await story()

    asyncio.run(run())


def test_a_message_arrives_as_it_was_sent_with_its_time(kind: Kind) -> None:
    ledger = Ledger()
    payload = bytes(range(256))

    async def story() -> None:
        async with running(kind.make(ledger), ledger):
            await kind.put(TOPIC, payload)
            await until(lambda: ledger.received)

    play(story)
    [one] = ledger.received
    assert (one.topic, one.payload) == (TOPIC, payload)
    assert abs(datetime.now(UTC) - one.at) < timedelta(seconds=60)
    assert ledger.lags == ({} if one.place is None else {one.place.partition: 0})


def test_what_was_not_answered_comes_again(kind: Kind) -> None:
    ledger = Ledger(takes=False)

    async def story() -> None:
        async with running(kind.make(ledger), ledger):
            await kind.put(TOPIC, b"first")
            await until(lambda: ledger.received)
        ledger.takes = True
        async with running(kind.make(ledger), ledger):
            await until(lambda: len(ledger.received) > 1)

    play(story)
    assert ledger.payloads() == [b"first", b"first"]


def test_what_was_answered_comes_no_more(kind: Kind) -> None:
    ledger = Ledger()

    async def story() -> None:
        async with running(kind.make(ledger), ledger):
            await kind.put(TOPIC, b"first")
            await until(lambda: ledger.received)
        async with running(kind.make(ledger), ledger):
            await kind.put(TOPIC, b"second")
            await until(lambda: len(ledger.received) > 1)

    play(story)
    assert ledger.payloads() == [b"first", b"second"]


def test_it_answers_devices(kind: Kind) -> None:
    ledger = Ledger()
    heard: list[bytes] = []
    device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    device.on_message = lambda *args: heard.append(args[2].payload)
    device.connect("127.0.0.1", kind.broker.port)
    device.subscribe(f"linli/v1/{COUNTY}/pi-0001/ack", qos=1)
    device.loop_start()

    async def story() -> None:
        source = kind.make(ledger)
        source.publish("linli/v1/330899/pi-0001/ack", b"too early: nothing happens")
        async with running(source, ledger):
            source.publish("linli/v1/330899/pi-0001/ack", b"kept")
            await until(lambda: heard)

    play(story)
    device.disconnect()
    device.loop_stop()
    assert heard == [b"kept"]


def test_it_says_since_when_messages_come_and_that_they_do_not(kind: Kind) -> None:
    ledger = Ledger()

    async def story() -> None:
        source = kind.make(ledger)
        assert source.connected_since is None
        assert source.fault
        async with running(source, ledger):
            assert source.connected_since is not None
            assert source.connected_since <= datetime.now(UTC)
        assert source.connected_since is None

    play(story)


def test_settings_that_can_never_work_end_it(kind: Kind) -> None:
    ledger = Ledger()

    async def story() -> None:
        async with asyncio.timeout(20):
            await kind.never(ledger).run(ledger.deliver)

    with pytest.raises(ConfigError):
        play(story)
    kind.broker.stop()
