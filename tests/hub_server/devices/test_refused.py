"""What the broker does not take is told: in the log, in the figures, in the command's row."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import RowMapping, select

from hub_server.devices import desired, orders
from hub_server.devices.desired import By
from hub_server.devices.post import AGAIN, POLL_S, Post
from hub_server.ingest.mqtt import MqttSource, nothing_comes
from hub_server.ingest.settings import MqttSettings
from hub_server.ingest.types import Outgoing
from hub_server.ledger.counters import read_all
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import desired as wishes
from hub_server.ledger.tables import device_messages
from tests.support.hub import COUNTY, NOW, HubClock, make_ledger
from tests.support.hub_process import until
from tests.support.mosquitto import Mosquitto

BY = By("qian", NOW)
HERE = f"linli/v1/{COUNTY}/pi-0001"
REFUSED, NOBODY = 0x87, 0x10


class Line:
    """A broker that answers what it is told to answer."""

    connected_since: datetime | None = NOW

    def __init__(self, code: int) -> None:
        self.code, self.sent = code, 0

    async def send(self, messages: Sequence[Outgoing]) -> list[int] | None:
        self.sent += len(messages)
        return [self.code] * len(messages)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = make_ledger(tmp_path)
    yield made
    made.close()


@pytest.fixture
def command(ledger: Ledger) -> str:
    with ledger.write() as conn:
        return orders.order(conn, "pi-0001", "snapshot", {}, 30, BY)


def drain(ledger: Ledger, line: Line, clock: HubClock, *moves: float) -> None:
    """Some rounds of one process, after each of which the clock moves."""

    async def work() -> None:
        post = Post(ledger, line, lambda _conn: None, lambda _at: None, clock)
        task = asyncio.ensure_future(post.run())
        for seconds in (0.0, *moves):
            clock.forward(seconds)
            await asyncio.sleep(2.5 * POLL_S)
        task.cancel()

    asyncio.run(work())


def found(ledger: Ledger, command: str) -> RowMapping:
    with ledger.read() as conn:
        row = orders.find_command(conn, command)
    assert row is not None
    return row


def refused(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return read_all(conn).get("device_messages_refused", 0)


def left(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return len(conn.execute(select(device_messages.c.seq)).all())


def test_a_command_the_broker_refuses_is_over_with_its_reason(ledger: Ledger, command: str) -> None:
    drain(ledger, Line(REFUSED), clock := HubClock())
    row = found(ledger, command)
    assert orders.state_of(row, clock.now) == "refused"
    assert (row["error"], row["sent_at"]) == ("broker: not authorized (0x87)", None)
    assert (refused(ledger), left(ledger)) == (1, 0)


def test_a_command_nobody_listens_to_is_sent_again_until_somebody_does(
    ledger: Ledger, command: str
) -> None:
    line, clock = Line(NOBODY), HubClock()
    drain(ledger, line, clock)
    row = found(ledger, command)
    assert (orders.state_of(row, clock.now), line.sent) == ("waiting", 1)
    assert row["error"] == "broker: nobody is subscribed to it (0x10)"
    drain(ledger, line, clock, AGAIN.total_seconds())
    assert (line.sent, refused(ledger), left(ledger)) == (3, 3, 1)
    line.code = 0
    drain(ledger, line, clock)
    row = found(ledger, command)
    assert (orders.state_of(row, clock.now), row["error"], left(ledger)) == ("sent", "", 0)


def test_a_command_nobody_listened_to_expires_and_says_why(ledger: Ledger, command: str) -> None:
    line, clock = Line(NOBODY), HubClock()
    drain(ledger, line, clock, 30)
    row = found(ledger, command)
    assert orders.state_of(row, clock.now) == "expired"
    assert (row["error"], left(ledger)) == ("broker: nobody is subscribed to it (0x10)", 0)


@pytest.mark.parametrize(("code", "sent"), [(NOBODY, True), (REFUSED, False)])
def test_a_wish_waits_at_the_broker_unless_that_refuses_it(
    ledger: Ledger, code: int, sent: bool
) -> None:
    with ledger.write() as conn:
        desired.wish(conn, "pi-0001", {}, BY)
    drain(ledger, Line(code), HubClock())
    with ledger.read() as conn:
        row = conn.execute(select(wishes)).mappings().one()
    assert (row["sent_at"] is not None, left(ledger)) == (sent, 0)
    assert row["errors"] == ([] if sent else ["broker: not authorized (0x87)"])


def test_a_real_broker_says_which_of_several_it_took(tmp_path: Path) -> None:
    acl = f"user hub\ntopic readwrite {HERE}/command/#\ntopic readwrite linli/v1/+/+/status\n"
    broker = Mosquitto(tmp_path / "broker", users={"hub": "h", "pi": "p"}, acl=acl).start()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "pi", protocol=mqtt.MQTTv5)
    client.username_pw_set("hub", "h")
    heard: list[str] = []
    ready: list[bool] = []
    client.on_message = lambda _c, _u, message: heard.append(message.topic)
    client.on_subscribe = lambda *_: ready.append(True)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.subscribe(f"{HERE}/command/snapshot", 1)
    until(lambda: ready)
    topics = ["command/snapshot", "command/nobody", "twin/desired", "command/snapshot"]
    messages = [Outgoing(f"{HERE}/{topic}", b"{}", retain=False) for topic in topics]
    try:
        codes = connected(broker, tmp_path, lambda source: source.send(messages))
        assert codes == [0, NOBODY, REFUSED, 0]
        until(lambda: len(heard) == 2)
    finally:
        client.loop_stop()
        broker.stop()


def test_more_than_the_broker_takes_at_once_keep_their_answers(
    broker: Mosquitto, tmp_path: Path
) -> None:
    """Numbers of messages come again once they are answered."""
    many = [Outgoing(f"{HERE}/command/x", b"{}", retain=False) for _ in range(70)]
    codes = connected(broker, tmp_path, lambda source: source.send(many))
    assert codes == [NOBODY] * 70


def connected(
    broker: Mosquitto, folder: Path, work: Callable[[MqttSource], Awaitable[list[int] | None]]
) -> list[int] | None:
    """What ``work`` says with a connection."""
    (folder / "word").write_text("h")
    (folder / "word").chmod(0o600)
    who = {"username": "hub", "password": "file:word"}
    settings = MqttSettings.model_validate(
        {"type": "mqtt", "host": "127.0.0.1", "port": broker.port, "protocol": "5", **who}
    )

    async def run() -> list[int] | None:
        source = MqttSource(settings, COUNTY, folder, filters=())
        task = asyncio.ensure_future(source.run(nothing_comes))
        async with asyncio.timeout(10):
            while source.connected_since is None:
                await asyncio.sleep(0.02)
        told = await work(source)
        await source.stop()
        await task
        return told

    return asyncio.run(run())
