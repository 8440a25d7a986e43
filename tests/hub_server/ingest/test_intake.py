"""Plain messages take a shortcut past gmqtt's tasks, all others its own way: with one promise."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub_server.ingest.intake import Intake, plain
from hub_server.ingest.mqtt import MqttSource
from hub_server.ingest.settings import MqttSettings
from hub_server.ingest.types import Received
from tests.support.mosquitto import Mosquitto

COUNTY = "330899"
TOPIC = f"linli/v1/{COUNTY}/pi-0001/reading"
Deliver = Callable[[Received], Awaitable[bool]]


def packet(topic: str, number: int, payload: bytes, properties: bytes = b"") -> bytes:
    name = topic.encode()
    return len(name).to_bytes(2, "big") + name + number.to_bytes(2, "big") + properties + payload


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300),
    st.integers(1, 65535),
    st.binary(),
)
def test_a_plain_message_is_read_as_it_was_written(topic: str, number: int, body: bytes) -> None:
    read = (number.to_bytes(2, "big"), topic, body)
    assert plain(packet(topic, number, body, b"\0"), MQTTv50) == read
    assert plain(packet(topic, number, body), MQTTv311) == read


def test_what_is_not_plain_goes_the_other_way() -> None:
    assert plain(packet("t", 1, b"body", b"\x02\x01\x00"), MQTTv50) is None
    assert plain(packet("", 1, b"body", b"\0"), MQTTv50) is None
    for whole in (packet("topic", 1, b"", b"\0"), b""):
        for end in range(len(whole)):
            with pytest.raises(IndexError):
                plain(whole[:end], MQTTv50)
    with pytest.raises(IndexError):
        plain(packet("topic", 1, b"")[:-1], MQTTv311)


class Taker:
    """Takes messages, or keeps them waiting, or fails."""

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes]] = []
        self.open = asyncio.Event()
        self.fault: Exception | None = None

    async def deliver(self, received: Received) -> bool:
        self.came.append((received.topic, received.payload))
        if self.fault:
            raise self.fault
        await self.open.wait()
        return True


def play(broker: Mosquitto, protocol: str, story: Callable[[Taker], Awaitable[None]]) -> Taker:
    settings = MqttSettings.model_validate(
        {"type": "mqtt", "host": "127.0.0.1", "port": broker.port, "protocol": protocol}
        | {"reconnect_delay": "50ms"}
    )

    async def run() -> Taker:
        taker = Taker()
        source = MqttSource(settings, COUNTY, Path())
        task = asyncio.ensure_future(source.run(taker.deliver))
        try:
            async with asyncio.timeout(20):
                while source.connected_since is None:
                    await asyncio.sleep(0.02)
                await story(taker)
        finally:
            await source.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return taker

    return asyncio.run(run())


def send(broker: Mosquitto) -> list[bytes]:
    """One of each quality of service, plain and with properties; what they say."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    user = Properties(PacketTypes.PUBLISH)
    user.UserProperty = ("made", "by hand")
    bodies = []
    for qos in (0, 1, 2):
        for properties in (None, user):
            body = f"{qos} {properties is not None}".encode()
            client.publish(TOPIC, body, qos, properties=properties).wait_for_publish(10)
            bodies.append(body)
    client.disconnect()
    client.loop_stop()
    return bodies


async def until_so_many(taker: Taker, count: int) -> None:
    while len(taker.came) < count:
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_every_kind_of_message_arrives_and_is_acknowledged_once_taken(
    broker: Mosquitto, protocol: str
) -> None:
    bodies: list[bytes] = []

    async def story(taker: Taker) -> None:
        bodies.extend(await asyncio.to_thread(send, broker))
        await until_so_many(taker, len(bodies))
        taker.open.set()
        await asyncio.sleep(0.3)

    taker = play(broker, protocol, story)
    assert sorted(taker.came) == sorted((TOPIC, body) for body in bodies)

    async def nothing_more(taker: Taker) -> None:
        await asyncio.sleep(0.5)

    assert play(broker, protocol, nothing_more).came == []


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_was_not_taken_is_not_acknowledged(broker: Mosquitto, protocol: str) -> None:
    bodies: list[bytes] = []

    async def story(taker: Taker) -> None:
        bodies.extend(await asyncio.to_thread(send, broker))
        await until_so_many(taker, len(bodies))

    play(broker, protocol, story)
    acknowledged = [body for body in bodies if not body.startswith(b"0")]

    async def again(taker: Taker) -> None:
        taker.open.set()
        await until_so_many(taker, len(acknowledged))

    came = play(broker, protocol, again).came
    assert sorted(came) == sorted((TOPIC, body) for body in acknowledged)


def test_one_that_cannot_be_taken_is_said_and_leaves_the_window_as_it_was(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("hub_server.ingest.intake.log.error", lambda text, **_: said.append(text))

    async def story(taker: Taker) -> None:
        taker.fault = RuntimeError("no")
        bodies = await asyncio.to_thread(send, broker)
        await until_so_many(taker, len(bodies))
        await asyncio.sleep(0.2)

    came = play(broker, "5", story).came
    assert said == ["message not taken in"] * len(came)

    async def nothing_more(taker: Taker) -> None:
        await asyncio.sleep(0.5)

    assert play(broker, "5", nothing_more).came == []


def test_reading_stops_while_too_many_wait(broker: Mosquitto) -> None:
    """The shortcut counts for the brake, and both ways count alike."""

    async def story(taker: Taker) -> None:
        [intake] = made
        intake._brake._most = 4
        bodies = await asyncio.to_thread(send, broker)
        await until_so_many(taker, 4)
        assert intake._brake.held
        taker.open.set()
        await until_so_many(taker, len(bodies))
        await asyncio.sleep(0.1)
        assert not intake._brake.held
        assert (intake._brake._waiting, intake._brake._bytes) == (0, 0)

    made: list[Intake] = []
    begin = Intake.__init__

    def noted(self: Intake, *given: object) -> None:
        begin(self, *given)  # type: ignore[arg-type]
        made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Intake, "__init__", noted)
        play(broker, "5", story)
