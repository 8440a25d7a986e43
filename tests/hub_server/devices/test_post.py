"""Messages to devices: sent until the broker has them, and never after they have expired."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub_server.devices import desired, orders
from hub_server.devices.desired import By, line_up
from hub_server.devices.post import PIECE, POLL_S, Post
from hub_server.ingest.answers import NOBODY
from hub_server.ingest.mqtt import MqttSource
from hub_server.ingest.settings import MqttSettings
from hub_server.ingest.types import Outgoing, Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import device_messages, devices
from tests.support.hub import COUNTY, NOW, HubClock, make_ledger
from tests.support.mosquitto import Mosquitto

BY = By("qian", NOW)


class Line:
    """A connection that takes what it is told to take."""

    def __init__(self) -> None:
        self.connected_since: datetime | None = NOW
        self.takes = True
        self.sent: list[Outgoing] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def send(self, messages: Sequence[Outgoing]) -> list[int] | None:
        if self.takes:
            self.sent += messages
        self.meanwhile()
        return [0] * len(messages) if self.takes else None


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = make_ledger(tmp_path, "pi-0001", "pi-0002")
    yield made
    made.close()


def drain(ledger: Ledger, line: Line, clock: HubClock, rounds: int = 3) -> None:
    """Let a new process run for some rounds."""

    async def work() -> None:
        post = Post(ledger, line, line_up, lambda _at: None, clock)
        task = asyncio.ensure_future(post.run())
        await asyncio.sleep(POLL_S * rounds)
        task.cancel()

    asyncio.run(work())


def wish(ledger: Ledger, device: str = "pi-0001") -> int:
    with ledger.write() as conn:
        return desired.wish(conn, device, {}, BY)


def order(ledger: Ledger) -> str:
    with ledger.write() as conn:
        return orders.order(conn, "pi-0001", "snapshot", {}, 30, BY)


def left(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return len(conn.execute(select(device_messages)).all())


def names(line: Line) -> list[str]:
    return [one.topic.partition(f"{COUNTY}/")[2] for one in line.sent]


def test_sent_in_order_and_forgotten(ledger: Ledger) -> None:
    line, clock = Line(), HubClock()
    wish(ledger)
    command = order(ledger)
    drain(ledger, line, clock)
    assert sorted(names(line)) == ["pi-0001/command/snapshot", "pi-0001/twin/desired"]
    assert {one.topic[-7:]: one.retain for one in line.sent} == {"desired": True, "napshot": False}
    assert left(ledger) == 0
    with ledger.read() as conn:
        row = orders.find_command(conn, command)
    assert row is not None
    assert orders.state_of(row, NOW) == "sent"


def test_what_the_broker_did_not_take_stays_and_is_sent_by_the_next_process(
    ledger: Ledger,
) -> None:
    line, clock = Line(), HubClock()
    wish(ledger)
    line.takes = False
    drain(ledger, line, clock)
    assert (line.sent, left(ledger)) == ([], 1)
    line.takes, line.connected_since = True, None
    drain(ledger, line, clock)
    assert (line.sent, left(ledger)) == ([], 1)
    line.connected_since = NOW
    drain(ledger, line, clock)
    assert (names(line), left(ledger)) == (["pi-0001/twin/desired"], 0)


def test_after_a_new_connection_all_wishes_are_sent_again(ledger: Ledger) -> None:
    line, clock = Line(), HubClock()
    wish(ledger)
    wish(ledger, "pi-0002")
    drain(ledger, line, clock)
    drain(ledger, line, clock)
    assert sorted(names(line)) == ["pi-0001/twin/desired"] * 2 + ["pi-0002/twin/desired"] * 2


def test_a_newer_wish_that_comes_while_one_is_sent_is_not_forgotten(ledger: Ledger) -> None:
    line, clock = Line(), HubClock()
    wish(ledger)
    again = [partial(wish, ledger)]

    def once() -> None:
        if again:
            again.pop()()

    line.meanwhile = once
    drain(ledger, line, clock, 4)
    assert [b'"version":2' in one.payload for one in line.sent] == [False, True]
    assert left(ledger) == 0


def test_an_expired_command_is_dropped_and_one_for_an_absent_device_waits(ledger: Ledger) -> None:
    line, clock = Line(), HubClock()
    with ledger.write() as conn:
        conn.execute(update(devices).values(state="offline"))
    order(ledger)
    drain(ledger, line, clock)
    assert (line.sent, left(ledger)) == ([], 1)
    clock.forward(30)
    drain(ledger, line, clock)
    assert (line.sent, left(ledger)) == ([], 0)
    with ledger.write() as conn:
        conn.execute(update(devices).values(state="online"))
        orders.order(conn, "pi-0001", "snapshot", {}, 30, By("qian", clock()))
    drain(ledger, line, clock)
    assert names(line) == ["pi-0001/command/snapshot"]


def test_many_go_in_pieces(ledger: Ledger) -> None:
    line, clock = Line(), HubClock()
    sizes: list[int] = []
    line.meanwhile = lambda: sizes.append(len(line.sent))
    with ledger.write() as conn:
        for n in range(PIECE + 5):
            row = {"device": "pi-0001", "topic": f"t{n:02}", "payload": b"x", "retain": False}
            conn.execute(device_messages.insert().values(**row, about=f"c{n}"))
    drain(ledger, line, clock, 4)
    assert sizes == [PIECE, PIECE + 5]
    assert [one.topic for one in line.sent] == sorted(one.topic for one in line.sent)


def test_a_real_broker_takes_it_or_it_is_said_that_it_did_not(
    broker: Mosquitto, tmp_path: Path
) -> None:
    """Killed between the message and its PUBACK: it is not counted as taken."""
    settings = MqttSettings(type="mqtt", host="127.0.0.1", port=broker.port, protocol="5")

    async def nothing(_received: Received) -> bool:
        return True

    async def work() -> tuple[object, object, object]:
        source = MqttSource(settings, COUNTY, tmp_path)
        message = Outgoing(f"linli/v1/{COUNTY}/pi-0001/twin/desired", b"{}", retain=True)
        before = await source.send([message])
        task = asyncio.ensure_future(source.run(nothing))
        async with asyncio.timeout(10):
            while source.connected_since is None:
                await asyncio.sleep(0.05)
        taken = await source.send([message] * PIECE)
        os.kill(broker.pid, signal.SIGSTOP)
        sending = asyncio.ensure_future(source.send([message]))
        await asyncio.sleep(0.2)
        assert not sending.done()
        broker.kill9()
        lost = await asyncio.wait_for(sending, 10)
        await source.stop()
        task.cancel()
        return before, taken, lost

    assert asyncio.run(work()) == (None, [NOBODY] * PIECE, None)
