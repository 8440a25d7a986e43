"""Three workers against one: records of Kafka into one PostgreSQL, rules and all."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from hub_server.bridge.writer import Writer
from hub_server.ingest.kafka_wire import headers_of, partition_of
from hub_server.ingest.settings import KafkaSettings, MqttSettings
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import devices, inbox, sources
from tests.acceptance.test_scale_out import DEVICES, grid_of, make_rules, now
from tests.bench.conftest import Record
from tests.support import kafka, postgres
from tests.support.hub import Device, make_ledger
from tests.support.mosquitto import Mosquitto
from tests.support.scaled import PARTITIONS, Scaled

pytestmark = pytest.mark.bench
EACH = 1000
"""Readings of each device."""


@pytest.fixture
def database() -> Iterator[postgres.Postgres]:
    if not postgres.installed():
        pytest.skip("PostgreSQL is not installed (apt: postgresql)")
    server = postgres.Postgres().start()
    yield server
    server.stop()


def county(database: postgres.Postgres) -> Ledger:
    names = [f"pi-{number:04d}" for number in range(DEVICES)]
    ledger = make_ledger(database.new_ledger(), *names)
    with ledger.write() as conn:
        for number, name in enumerate(names):
            grid = grid_of(number)
            conn.execute(update(devices).where(devices.c.device == name).values(grid=grid))
            conn.execute(update(sources).where(sources.c.device == name).values(grid=grid))
    return ledger


async def fill(server: kafka.Kafka, topic: str) -> None:
    """What the bridges would have written in a while."""
    broker = MqttSettings(type="mqtt", host="h", protocol="5")
    settings = KafkaSettings(
        type="kafka", servers=server.servers, topic=topic, partitions=PARTITIONS, broker=broker
    )
    writer = Writer(settings, Path())
    writer.start()
    makers = [Device(f"pi-{number:04d}") for number in range(DEVICES)]
    for turn in range(EACH):
        told = []
        for number, maker in enumerate(makers):
            one = maker.reading(now(), {"temperature": 20 + turn % 5})
            community = grid_of(number)[:12]
            partition = partition_of(community, PARTITIONS)
            told.append(writer.write(partition, community, one.payload, headers_of(one)))
        await asyncio.gather(*told)
    await asyncio.to_thread(writer.stop)


def stored(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.scalar(select(func.count()).select_from(inbox)) or 0)


def measure(
    folder: Path, workers: int, database: postgres.Postgres, broker: int, topic: str
) -> float:
    """Messages a second, from a fifth of them in the ledger to nine tenths."""
    folder.mkdir()
    server, ledger = kafka.shared(), county(database)
    url = ledger.url.render_as_string(hide_password=False)
    rules = {"folder": str(make_rules(folder / "rules"))}
    scaled = Scaled(folder, broker, server.servers, url, topic, group=folder.name, rules=rules)
    try:
        for number in range(workers):
            scaled.worker(f"w{number}", "ingest")
        marks = [when(ledger, DEVICES * EACH * part) for part in (0.2, 0.9)]
        return (marks[1][1] - marks[0][1]) / (marks[1][0] - marks[0][0])
    finally:
        scaled.stop()
        ledger.close()


def when(ledger: Ledger, count: float) -> tuple[float, int]:
    """The time at which so many messages were in the ledger, and how many there were."""
    end = time.monotonic() + 120
    while (have := stored(ledger)) < count:
        assert time.monotonic() < end, have
        time.sleep(0.05)
    return time.monotonic(), have


def test_three_workers_against_one(
    tmp_path: Path, database: postgres.Postgres, broker: Mosquitto, record: Record
) -> None:
    if why := kafka.missing():
        pytest.skip(why)
    topic = kafka.shared().new_topic(PARTITIONS)
    asyncio.run(fill(kafka.shared(), topic))
    one = measure(tmp_path / "one", 1, database, broker.port, topic)
    three = measure(tmp_path / "three", 3, database, broker.port, topic)
    record("scale_out_three_workers", ours=three, reference=one, goal=">= 1.0", unit="events/s")
