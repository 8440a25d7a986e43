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
    ledger = make_ledger(database.new_database(), *names)
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


def measure(folder: Path, workers: int, database: postgres.Postgres, broker: Mosquitto) -> float:
    """Messages a second, from the first in the ledger to the last."""
    folder.mkdir()
    server, ledger = kafka.shared(), county(database)
    topic = server.new_topic(PARTITIONS)
    url = ledger.url.render_as_string(hide_password=False)
    rules = {"folder": str(make_rules(folder / "rules"))}
    scaled = Scaled(folder, broker.port, server.servers, url, topic, rules=rules)
    try:
        running = [scaled.worker(f"w{number}", "ingest") for number in range(workers)]
        for worker in running:
            worker.wait_for("partition taken")
        time.sleep(3)  # until the group is settled
        asyncio.run(fill(server, topic))
        began, first = time.monotonic(), stored(ledger)
        while (have := stored(ledger)) < DEVICES * EACH:
            assert time.monotonic() - began < 120, have
            time.sleep(0.1)
        return (DEVICES * EACH - first) / (time.monotonic() - began)
    finally:
        scaled.stop()
        ledger.close()


def test_three_workers_against_one(
    tmp_path: Path, database: postgres.Postgres, broker: Mosquitto, record: Record
) -> None:
    if why := kafka.missing():
        pytest.skip(why)
    one = measure(tmp_path / "one", 1, database, broker)
    three = measure(tmp_path / "three", 3, database, broker)
    record("scale_out_three_workers", ours=three, reference=one, goal=">= 1.0", unit="events/s")
