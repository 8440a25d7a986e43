"""The bridge as a process on Mosquitto and Kafka, and what it knows of places."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import paho.mqtt.client as mqtt
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from sqlalchemy import create_engine, update
from typer.testing import CliRunner

from hub_server.bridge import writer as writing
from hub_server.bridge.bridge import filters
from hub_server.bridge.places import ASK_S, Places
from hub_server.cli import app
from hub_server.ingest.kafka_wire import Pulse, partition_of, read_record
from hub_server.ingest.settings import KafkaSettings, MqttSettings
from hub_server.ingest.types import Place, Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import devices
from hub_server.metrics.meter import Meter
from linli_settings import ConfigError
from tests.support import kafka, postgres
from tests.support.hub import COUNTY, GRID, NOW, Device, device_row, make_ledger
from tests.support.hub_process import until
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.scaled import PARTITIONS, Scaled

COMMUNITY = GRID[:12]
COUNT = 40


def records(server: kafka.Kafka, topic: str, least: int) -> list[tuple[str, Received | Pulse]]:
    """Everything in the topic, at least so many messages: (key, record)."""
    reader = Consumer({"bootstrap.servers": server.servers, "group.id": uuid4().hex})
    reader.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(PARTITIONS)])
    found: list[tuple[str, Received | Pulse]] = []
    end = time.monotonic() + 40
    while time.monotonic() < end:
        for one in reader.consume(500, 0.5):
            if one.error():
                continue
            place = Place(one.partition() or 0, one.offset() or 0)
            headers = [(name, bytes(value)) for name, value in one.headers() or []]
            found.append(((one.key() or b"").decode(), read_record(place, headers, one.value())))
        messages = {one.payload for _, one in found if isinstance(one, Received)}
        pulsed = {one.place.partition for _, one in found if isinstance(one, Pulse)}
        if len(messages) >= least and len(pulsed) == PARTITIONS:
            break
    reader.close()
    return found


@pytest.fixture
def shared(postgres_server: postgres.Postgres) -> Iterator[Ledger]:
    made = make_ledger(postgres_server.new_ledger())
    yield made
    made.close()


@pytest.fixture
def scaled(
    tmp_path: Path, log_server: kafka.Kafka, broker: Mosquitto, shared: Ledger
) -> Iterator[Scaled]:
    url = shared.url.render_as_string(hide_password=False)
    topic = log_server.new_topic(PARTITIONS)
    made = Scaled(tmp_path, broker.port, log_server.servers, url, topic, session="60s")
    yield made
    made.stop()


def publish(broker: Mosquitto, messages: list[Received]) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for one in messages:
        client.publish(one.topic, one.payload, qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def health(port: int) -> dict[str, dict[str, str]]:
    alive = httpx.get(f"http://127.0.0.1:{port}/health/alive")
    assert (alive.status_code, alive.json()["alive"]) == (200, True)
    answer = httpx.get(f"http://127.0.0.1:{port}/health")
    assert (answer.status_code == 200) == (not answer.json()["faults"])
    return dict(answer.json())


def figures(port: int) -> dict[str, float]:
    """Of ``/metrics``, those without labels."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    rows = (line.split() for line in text.splitlines() if "{" not in line and line[0] != "#")
    return {name: float(value) for name, value in rows}


def test_the_broker_keeps_a_message_until_kafka_has_it(
    scaled: Scaled, log_server: kafka.Kafka, broker: Mosquitto
) -> None:
    device = Device()
    sent = [device.reading(NOW, {"t": n}) for n in range(COUNT)]
    port = free_port()
    bridge = scaled.bridge("b1", "--health-port", str(port))
    bridge.wait_for("broker connected")
    publish(broker, sent[: COUNT // 2])
    until(lambda: not health(port)["faults"], what="a bridge that is well")
    half = "linli_bridge_messages_total"
    until(lambda: figures(port)[half] == COUNT // 2, what="half of them carried")
    shown = figures(port)
    assert shown["linli_bridge_seconds_count"] == COUNT // 2
    assert shown["linli_bridge_produce_errors_total"] == 0
    assert 0 <= shown["linli_bridge_registry_age_seconds"] < 20
    assert shown["process_resident_memory_bytes"] > 0
    log_server.kill9()
    publish(broker, sent[COUNT // 2 :])
    until(lambda: "kafka" in health(port)["faults"], what="the fault")
    bridge.kill9()  # whatever it acknowledged without Kafka is lost now
    log_server.start()
    scaled.bridge("b1").wait_for("broker connected")
    found = records(log_server, scaled.topic, COUNT)
    carried = [(key, one) for key, one in found if isinstance(one, Received)]
    assert {one.payload for _, one in carried} == {one.payload for one in sent}
    assert {key for key, _ in carried} == {COMMUNITY}
    assert {one.place.partition for _, one in carried if one.place} == {
        partition_of(COMMUNITY, PARTITIONS)
    }
    assert {one.topic for _, one in carried} == {sent[0].topic}
    pulses = {one.place.partition for _, one in found if isinstance(one, Pulse)}
    assert pulses == set(range(PARTITIONS))


def test_states_that_the_broker_keeps_come_without_sharing() -> None:
    found = filters(COUNTY, "g")
    assert f"$share/g/linli/v1/{COUNTY}/+/event/+" in found
    assert f"linli/v1/{COUNTY}/+/status" in found
    assert f"linli/v1/{COUNTY}/+/twin/reported" in found


def test_a_device_enrolled_just_now_is_found(tmp_path: Path) -> None:
    ledger, clock = make_ledger(tmp_path), [0.0]
    places = Places(ledger, lambda: clock[0])

    async def story() -> list[str]:
        first = [await places.community("pi-0001"), await places.community("pi-0002")]
        with ledger.write() as conn:
            conn.execute(devices.insert().values(**device_row("pi-0002")))
        clock[0] += ASK_S / 2
        soon = await places.community("pi-0002")  # the ledger is not asked for each message
        clock[0] += ASK_S
        return [*first, soon, await places.community("pi-0002")]

    assert asyncio.run(story()) == [COMMUNITY, "", "", COMMUNITY]
    ledger.close()


def test_who_asks_while_the_registry_is_read_waits_for_it(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    places = Places(ledger, lambda: 0.0)

    async def story() -> str:
        reading = asyncio.create_task(places.read())
        while places._asked is None:
            await asyncio.sleep(0)
        found = await places.community("pi-0001")
        await reading
        return found

    assert asyncio.run(story()) == COMMUNITY
    ledger.close()


def test_a_device_that_moved_is_found_at_its_new_place(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    places = Places(ledger, lambda: 0.0)

    async def story() -> list[str]:
        first = await places.community("pi-0001")
        with ledger.write() as conn:
            conn.execute(update(devices).values(grid="330899001002001"))
        await places.read()
        return [first, await places.community("pi-0001")]

    assert asyncio.run(story()) == [COMMUNITY, "330899001002"]
    ledger.close()


def test_while_the_ledger_is_away_the_old_copy_serves(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    places = Places(ledger, lambda: 0.0)

    async def story() -> str:
        await places.read()
        assert places.fault == ""
        ledger._engine = create_engine(f"sqlite:///{tmp_path}/nothing/there")
        await places.read()
        return await places.community("pi-0001")

    assert asyncio.run(story()) == COMMUNITY
    assert "registry not read" in places.fault


def hub_yaml(folder: Path, servers: str, **ingest: object) -> Path:
    (folder / "auth.secret").touch(mode=0o600)
    (folder / "auth.secret").write_text("s" * 48)
    broker = {"type": "mqtt", "host": "127.0.0.1", "port": 1, "protocol": "5"}
    values = {
        "county": COUNTY,
        "data_dir": "data",
        "ledger": {"url": "postgresql+psycopg://linli@127.0.0.1:1/nobody"},
        "ingest": {"type": "kafka", "servers": servers, "broker": broker, **ingest},
        "http": {"port": 0, "public_url": "http://127.0.0.1"},
        "auth": {"secret": "file:auth.secret"},
    }
    file = folder / "hub.yaml"
    file.write_text(json.dumps(values))
    return file


def test_the_topic_is_made_once(tmp_path: Path, log_server: kafka.Kafka) -> None:
    more = {"topic": f"t{uuid4().hex[:8]}", "replication": 1}
    file = hub_yaml(tmp_path, log_server.servers, **more)
    call = ["bridge", "-c", str(file), "--make-topic"]
    first, second = CliRunner().invoke(app, call), CliRunner().invoke(app, call)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "已创建" in first.output
    assert "已存在" in second.output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"topic": "nobody-made-it"}, "--make-topic"),
        ({"partitions": 7, "replication": 1}, "12 of"),
    ],
)
def test_a_topic_that_does_not_fit_is_refused(
    tmp_path: Path, log_server: kafka.Kafka, more: dict[str, object], words: str
) -> None:
    topic = log_server.new_topic(12)
    file = hub_yaml(tmp_path, log_server.servers, **{"topic": topic, **more})
    done = CliRunner().invoke(app, ["bridge", "-c", str(file)])
    assert isinstance(done.exception, ConfigError)
    assert words in str(done.exception)


def test_a_name_that_the_broker_could_not_keep_is_refused(tmp_path: Path) -> None:
    file = hub_yaml(tmp_path, "h:1")
    done = CliRunner().invoke(app, ["bridge", "-c", str(file), "--name", "ümlaut"])
    assert "--name" in str(done.exception)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ledger": {"url": "sqlite:///ledger.sqlite"}}, "ledger.url"),
        ({"protocol": "3.1.1"}, "protocol"),
        ({"servers": "no-port"}, "ingest"),
    ],
)
def test_settings_that_cannot_scale_are_refused(
    tmp_path: Path, change: dict[str, object], field: str
) -> None:
    file = hub_yaml(tmp_path, "h:1")
    values = json.loads(file.read_text())
    if "protocol" in change:
        values["ingest"]["broker"] |= change
    elif "servers" in change:
        values["ingest"] |= change
    else:
        values |= change
    file.write_text(json.dumps(values))
    done = CliRunner().invoke(app, ["bridge", "-c", str(file)])
    assert field in str(done.exception)


def test_what_kafka_does_not_take_is_tried_again_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "AGAIN_S", 0.01)
    place = MqttSettings(type="mqtt", host="h", protocol="5")
    meter = Meter()
    writer = writing.Writer(
        KafkaSettings(type="kafka", servers="127.0.0.1:1", broker=place), Path(), meter
    )
    answers, waiting = ["away", None], []

    async def answer(*_: object) -> str | None:
        waiting.append(writer.waiting)
        return answers.pop(0)

    monkeypatch.setattr(writer, "_try", answer)
    asyncio.run(writer.write(0, "", b"", []))
    assert (answers, waiting, writer.waiting, writer.fault) == ([], [1, 1], 0, "")
    assert meter.value(writing.ERRORS) == 1
