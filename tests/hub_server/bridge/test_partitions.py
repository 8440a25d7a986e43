"""Partitions held by workers on one ledger: taken, moved, taken over; no Kafka needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import OperationalError

from hub_server.alerting.inputs import Tick
from hub_server.ingest.decode import decode
from hub_server.ingest.kafka_share import Partitions, communities
from hub_server.ingest.kafka_wire import partition_of
from hub_server.ingest.settings import KafkaSettings, MqttSettings
from hub_server.ingest.types import Message, Place, Received
from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, devices, inbox, partitions, quarantine
from tests.support.hub import COUNTY, GRID, Device, HubClock, make_ledger, make_parts

OF = 4
HOME = partition_of(GRID[:12], OF)
OTHER_GRID = "330899001002001"


def settings() -> KafkaSettings:
    broker = MqttSettings(type="mqtt", host="h", protocol="5")
    return KafkaSettings(type="kafka", servers="h:9092", partitions=OF, broker=broker)


@dataclass
class World:
    ledger: Ledger
    clock: HubClock
    offset: int = -1

    def worker(self, name: str) -> Partitions:
        return Partitions(self.ledger, make_parts(), settings(), f"host/1/{name}", self.clock)

    def message(self, received: Received, partition: int = HOME) -> Message:
        self.offset += 1
        place = Place(partition, self.offset)
        return decode(Received(received.topic, received.payload, received.at, place), COUNTY)

    def value(self, query: object) -> object:
        with self.ledger.read() as conn:
            return conn.scalar(query)  # type: ignore[call-overload]

    def stored(self) -> object:
        return self.value(select(func.count()).select_from(inbox))

    def position(self) -> object:
        return self.value(select(partitions.c.position).where(partitions.c.partition == HOME))


@pytest.fixture
def world(ledger_url: str) -> Iterator[World]:
    ledger = make_ledger(ledger_url)
    yield World(ledger, HubClock())
    ledger.close()


def test_every_community_has_exactly_one_partition() -> None:
    areas = make_parts().areas
    shares = [communities(areas, partition, OF) for partition in range(OF)]
    assert sorted(code for share in shares for code in share) == sorted(
        {*areas.codes("community"), ""}
    )


def test_the_position_is_kept_with_what_was_read(world: World) -> None:
    worker, device = world.worker("a"), Device()
    assert worker.take(HOME) == 0
    batch = [world.message(device.reading(world.clock.now, {"t": n})) for n in range(3)]
    receipts, _ = worker.run(batch)
    assert receipts.kept["pi-0001"]["e1"] == {1, 2, 3}
    assert world.position() == 3
    assert world.worker("b").take(HOME) == 3


def test_a_worker_that_was_taken_over_writes_nothing_and_acknowledges_nothing(
    world: World,
) -> None:
    old, new, device = world.worker("old"), world.worker("new"), Device()
    old.take(HOME)
    new.take(HOME)
    receipts, changed = old.run([world.message(device.observation(world.clock.now))])
    assert (receipts.kept, changed) == ({}, False)
    assert old.held == []
    assert world.stored() == 0
    assert world.value(select(func.count()).select_from(alerts)) == 0
    with world.ledger.read() as conn:
        assert counters.read_all(conn) == {}
    assert world.position() == 0


def test_a_clock_of_a_worker_that_was_taken_over_ticks_no_more(world: World) -> None:
    old, device = world.worker("old"), Device()
    old.take(HOME)
    old.run([world.message(device.observation(world.clock.now))])
    old.pulse(HOME, world.clock.now)
    world.worker("new").take(HOME)
    for _ in range(40):  # pulses go on: the observation nobody renews becomes overdue
        old.pulse(HOME, world.clock.forward(5))
    old.tick(Tick(world.clock.now, world.clock.now))
    assert old.held == []
    assert world.value(select(func.count()).select_from(alerts)) == 1


def test_what_the_rules_remember_moves_with_the_partition(world: World) -> None:
    first, second, device = world.worker("a"), world.worker("b"), Device()
    begin = world.clock.now
    first.take(HOME)
    first.run([world.message(device.health(begin))])
    second.take(HOME)
    for seconds in range(0, 3600, 5):
        second.pulse(HOME, begin + timedelta(seconds=seconds))
    world.clock.now = begin + timedelta(seconds=3600)
    second.pulse(HOME, world.clock.now)
    assert second.tick(Tick(world.clock.now, begin))
    assert world.value(select(alerts.c.rule)) == "device-offline"


def test_absence_is_judged_only_while_bridges_say_that_they_receive(world: World) -> None:
    worker, device = world.worker("a"), Device()
    begin = world.clock.now
    worker.take(HOME)
    worker.run([world.message(device.health(begin))])
    worker.pulse(HOME, begin)
    world.clock.now = begin + timedelta(seconds=3600)
    worker.tick(Tick(world.clock.now, begin))  # no bridge for an hour
    worker.pulse(HOME, world.clock.now)
    worker.tick(Tick(world.clock.now, begin))  # one again, as of now
    assert world.value(select(func.count()).select_from(alerts)) == 0


def test_an_event_of_a_device_that_stands_elsewhere_is_left_for_its_own_partition(
    world: World,
) -> None:
    assert partition_of(OTHER_GRID[:12], OF) != HOME
    worker, device = world.worker("a"), Device()
    worker.take(HOME)
    with world.ledger.write() as conn:
        conn.execute(update(devices).values(grid=OTHER_GRID))
    receipts, _ = worker.run([world.message(device.reading(world.clock.now, {"t": 1}))])
    assert receipts.kept == {}
    assert world.stored() == 0
    with world.ledger.read() as conn:
        assert counters.read_all(conn)["misrouted"] == 1
    assert world.position() == 1


def test_what_cannot_be_understood_is_kept_by_the_partition_of_its_device(world: World) -> None:
    worker, device = world.worker("a"), Device()
    worker.take(HOME)
    good = device.reading(world.clock.now, {"t": 1})
    broken = Received(good.topic, good.payload.replace(b'"1.0"', b'"9.0"'), good.at)
    receipts, _ = worker.run([world.message(broken)])
    assert world.value(select(quarantine.c.device)) == "pi-0001"
    assert receipts.kept["pi-0001"]["e1"] == {1}


def test_a_device_nobody_enrolled_is_refused_by_one_partition(world: World) -> None:
    nowhere = partition_of("", OF)
    worker, stranger = world.worker("a"), Device("pi-9999")
    for partition in range(OF):
        worker.take(partition)
    for partition in range(OF):
        worker.run([world.message(stranger.reading(world.clock.now, {"t": 1}), partition)])
    assert world.value(select(func.count()).select_from(quarantine)) == 1
    with world.ledger.read() as conn:
        assert counters.read_all(conn)["misrouted"] == OF - 1
    assert nowhere in worker.held


def test_what_was_read_before_a_fault_is_acknowledged_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, device, other = world.worker("a"), Device(), (HOME + 1) % OF
    worker.take(HOME)
    worker.take(other)
    good = world.message(device.reading(world.clock.now, {"t": 1}))
    later = world.message(device.reading(world.clock.now, {"t": 2}), other)
    with ledger_away(world, monkeypatch, f"p{other}"), pytest.raises(OperationalError):
        worker.run([good, later])
    receipts, _ = worker.run([good, later])
    assert receipts.kept["pi-0001"]["e1"] == {1}  # the second strayed: it is not acknowledged
    assert world.stored() == 1
    with world.ledger.read() as conn:
        assert counters.read_all(conn).get("duplicates", 0) == 0


@contextmanager
def ledger_away(world: World, monkeypatch: pytest.MonkeyPatch, lane: str) -> Iterator[None]:
    whole = world.ledger.write

    @contextmanager
    def write(name: str = "") -> Iterator[Connection]:
        if name == lane:
            raise OperationalError("BEGIN", None, Exception("away"))
        with whole(name) as conn:
            yield conn

    with monkeypatch.context() as patch:
        patch.setattr(world.ledger, "write", write)
        yield


def test_what_is_not_ours_is_left_alone(world: World) -> None:
    worker, device = world.worker("a"), Device()
    worker.take(HOME)
    worker.leave(HOME)
    receipts, changed = worker.run([world.message(device.reading(world.clock.now, {"t": 1}))])
    assert (receipts.kept, changed, world.stored()) == ({}, False, 0)
