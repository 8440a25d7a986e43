"""Alerts from the workers to the second stage: through the ledger, Kafka and a partition of it."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, update

from hub_server.alerting.inputs import AlertInput, Tick
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.spec import Pack
from hub_server.ingest.decode import decode
from hub_server.ingest.kafka_relay import Relay
from hub_server.ingest.kafka_share import Partitions
from hub_server.ingest.kafka_wire import HANDED_OVER, partition_of
from hub_server.ingest.settings import KafkaSettings, MqttSettings
from hub_server.ingest.source import make_source
from hub_server.ingest.types import ALERTS, Message, Place, Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alerts, alerts_out, devices, partitions
from linli_settings import ConfigError, parse
from tests.hub_server.rule_sets.site import SEEN
from tests.support.hub import COUNTY, GRID, NOW, Device, HubClock, make_ledger, make_parts
from tests.support.kafka import Kafka
from tests.support.mosquitto import Mosquitto

OF = 2
GRIDS = {"pi-0001": GRID, "pi-0002": "330899001002001"}
HEAD = "pack: county\nversion: 2026-11-22\nrules:\n"
EVERYWHERE = """\
  - name: everywhere
    type: intrusion
    colour: red
    when: {type: alerts, types: [intrusion], distinct: community, at_least: 2, window: 10min}
    scope: county
    group: {by: [type, county]}
    at_once: true
    reason: {zh: "{places}", en: "{places}"}
    source: "a test"
"""
PACK = HEAD + SEEN + EVERYWHERE


def settings(servers: str = "h:9092", topic: str = "t", port: int = 1) -> KafkaSettings:
    broker = MqttSettings(type="mqtt", host="127.0.0.1", port=port, protocol="5")
    return KafkaSettings(
        type="kafka", servers=servers, topic=topic, group=topic, partitions=OF, broker=broker
    )


class World:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.clock = ledger, HubClock()
        self.devices = {name: Device(name) for name in GRIDS}
        self.offset = -1

    def worker(self, name: str, text: str = PACK) -> Partitions:
        rules = Rules(tuple(compile_pack(parse(text, Pack, Path("county.yaml")), "v")))
        parts = replace(make_parts(), rules=rules)
        return Partitions(self.ledger, parts, settings(), f"host/1/{name}", self.clock)

    def see(self, worker: Partitions, device: str) -> None:
        """An intrusion in the community of ``device``."""
        partition = partition_of(GRIDS[device][:12], OF)
        worker.take(partition)
        self.offset += 1
        seen = self.devices[device].observation(self.clock.now, f"o-{device}-{self.offset}")
        place = Place(partition, self.offset)
        worker.run([decode(Received(seen.topic, seen.payload, seen.at, place), COUNTY)])

    def waiting(self) -> list[Message]:
        """What the ledger would hand over, as the second stage reads it."""
        with self.ledger.read() as conn:
            rows = conn.execute(select(alerts_out).order_by(alerts_out.c.seq)).all()
        return [
            decode(
                Received(HANDED_OVER, msgspec.json.encode(row.payload), NOW, Place(ALERTS, n)), ""
            )
            for n, row in enumerate(rows)
        ]

    def of_county(self) -> int:
        with self.ledger.read() as conn:
            query = select(func.count()).where(alerts.c.rule == "everywhere")
            return int(conn.scalar(query) or 0)


@pytest.fixture
def world(ledger_url: str) -> Iterator[World]:
    ledger = make_ledger(ledger_url, *GRIDS, synced=False)
    with ledger.write() as conn:
        for name, grid in GRIDS.items():
            conn.execute(update(devices).where(devices.c.device == name).values(grid=grid))
    yield World(ledger)
    ledger.close()


def test_one_worker_counts_the_alerts_of_others(world: World) -> None:
    first, second = world.worker("a"), world.worker("b")
    world.see(first, "pi-0001")
    world.see(second, "pi-0002")
    assert world.of_county() == 0
    second.take(ALERTS)
    second.run(world.waiting())
    assert world.of_county() == 1
    with world.ledger.read() as conn:
        row = conn.execute(select(partitions).where(partitions.c.topic == "t.alerts")).one()
    assert (row.partition, row.position) == (0, 2)
    assert second.epochs[ALERTS] == 1


def test_what_was_counted_moves_on_with_the_partition_and_the_old_worker_writes_nothing(
    world: World,
) -> None:
    old, new = world.worker("old"), world.worker("new")
    world.see(old, "pi-0001")
    old.take(ALERTS)
    old.run(world.waiting())
    world.see(old, "pi-0002")
    assert new.take(ALERTS) == 1
    old.run(world.waiting())
    assert world.of_county() == 0
    assert ALERTS not in old.held
    new.run(world.waiting())
    assert world.of_county() == 1


def test_its_clock_needs_no_pulse_of_a_bridge(world: World) -> None:
    group = "group: {by: [type, county]}\n"
    worker = world.worker("a", PACK.replace(f"{group}    at_once: true\n", group))
    for name in GRIDS:
        world.see(worker, name)
    worker.take(ALERTS)
    worker.run(world.waiting())
    now = world.clock.forward(603)
    worker.tick(Tick(now, None))  # what other workers told may be on its way
    assert world.of_county() == 0
    worker.tick(Tick(now, now - timedelta(hours=1)))
    assert world.of_county() == 1


def test_a_worker_hands_over_what_is_of_its_partitions(world: World, log_server: Kafka) -> None:
    worker = world.worker("a")
    for name in GRIDS:
        world.see(worker, name)
    kinds = settings(log_server.servers, log_server.new_topic(OF))
    homes = {name: partition_of(grid[:12], OF) for name, grid in GRIDS.items()}
    held = [homes["pi-0001"]]
    relay = Relay(world.ledger, kinds, Path(), lambda: held)
    assert relay.send() == sum(home == held[0] for home in homes.values())
    held.append(1 - held[0])
    relay.send()
    assert relay.send() == 0
    assert world.waiting() == []


def test_an_alert_waits_in_the_ledger_while_kafka_takes_nothing(world: World) -> None:
    world.see(world.worker("a"), "pi-0001")
    relay = Relay(world.ledger, settings("127.0.0.1:1"), Path(), lambda: range(OF))
    sending = threading.Thread(target=relay.send)
    sending.start()
    sending.join(1.0)
    assert len(world.waiting()) == 1
    relay._producer.purge()
    sending.join(10.0)
    assert not sending.is_alive()
    assert len(world.waiting()) == 1


class Shares:
    """Takes what it is given, from the beginning."""

    def __init__(self) -> None:
        self.held: set[int] = set()

    def take(self, partition: int) -> int:
        self.held.add(partition)
        return 0

    def leave(self, partition: int) -> None:
        self.held.discard(partition)

    def pulse(self, partition: int, at: object) -> None: ...

    def lag(self, partition: int, records: int) -> None: ...


def test_the_source_reads_alerts_beside_messages(
    world: World, log_server: Kafka, broker: Mosquitto
) -> None:
    world.see(world.worker("a"), "pi-0001")
    kinds = settings(log_server.servers, log_server.new_topic(OF), broker.port)
    assert Relay(world.ledger, kinds, Path(), lambda: range(OF)).send() == 1
    shares, came = Shares(), []

    async def story() -> None:
        source = make_source(kinds, COUNTY, Path(), shares)

        async def deliver(received: Received) -> bool:
            came.append(received)
            return True

        running = asyncio.ensure_future(source.run(deliver))
        async with asyncio.timeout(40):
            while not came or len(shares.held) < OF + 1:
                await asyncio.sleep(0.05)
        await source.stop()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())
    [received] = came
    assert received.place == Place(ALERTS, 0)
    alert = msgspec.json.decode(received.payload, type=AlertInput)
    assert (alert.rule, alert.site.community) == ("seen", GRID[:12])


def test_a_worker_misses_the_topic_of_alerts(log_server: Kafka) -> None:
    log_server.make_topic("without-sister", OF)
    source = make_source(settings(log_server.servers, "without-sister"), COUNTY, Path(), Shares())

    async def deliver(_: Received) -> bool:
        return True

    with pytest.raises(ConfigError, match="--make-topic"):
        asyncio.run(source.run(deliver))
