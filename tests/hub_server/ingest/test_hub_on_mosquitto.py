"""The hub as a process on a real Mosquitto: nothing lost, nothing doubled."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import pytest
from sqlalchemy import func, select

from hub_server.ledger import counters
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import inbox, incidents, outbound, quarantine
from tests.support.hub import Device, make_ledger
from tests.support.hub_process import BareDevice, HubProcess, until
from tests.support.mosquitto import Mosquitto, free_port


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    yield ledger
    ledger.close()


@pytest.fixture
def hub(tmp_path: Path, ledger: Ledger, broker: Mosquitto) -> Iterator[HubProcess]:
    with HubProcess(tmp_path, broker.port) as hub:
        hub.wait_for("broker connected")
        yield hub


@pytest.fixture
def device(broker: Mosquitto) -> Iterator[BareDevice]:
    device = BareDevice("pi-0001", broker.port)
    yield device
    device.close()


def stored(ledger: Ledger) -> int:
    with ledger.read() as conn:
        return int(conn.scalar(select(func.count()).select_from(inbox)) or 0)


def now() -> datetime:
    return datetime.now(UTC)


def test_an_event_becomes_an_incident_a_notice_and_a_point(
    hub: HubProcess, ledger: Ledger, device: BareDevice
) -> None:
    device.send(Device().observation(now()))
    device.until_acknowledged()
    with ledger.read() as conn:
        assert conn.scalar(select(incidents.c.state)) == "pending_verify"

    def told() -> object:
        with ledger.read() as conn:
            return conn.scalar(select(outbound.c.done_at).where(outbound.c.target == "console"))

    until(told, what="the notice")
    until((hub.folder / "data" / "series.sqlite").exists)
    answer = httpx.get(f"http://127.0.0.1:{hub.port}/health")
    assert answer.json()["checks"] == {
        "ledger": True,
        "ingest": True,
        "orders": True,
        "rules": True,
        "calendar": True,
        "store sqlite": True,
    }


def test_kill_9_of_the_hub_while_events_flow_loses_and_doubles_none(
    hub: HubProcess, ledger: Ledger, device: BareDevice
) -> None:
    maker, count = Device(), 1500
    for number in range(count):
        device.send(maker.reading(now(), {"temperature": number}))
        if number in (300, 900):
            until(lambda: stored(ledger) > 0)
            hub.kill9()
            device.resend()
            hub.start()
    device.until_acknowledged()
    assert device.sent > count
    with ledger.read() as conn:
        assert conn.scalar(select(func.count()).select_from(inbox)) == count
        assert conn.scalar(select(func.count(func.distinct(inbox.c.sequence)))) == count
        assert conn.scalar(select(func.count()).select_from(quarantine)) == 0
        told = counters.read_all(conn)
    assert told["received"] == told["stored"] + told["duplicates"]


def test_kill_9_of_the_broker_while_events_flow_loses_none(
    hub: HubProcess, ledger: Ledger, device: BareDevice, broker: Mosquitto
) -> None:
    maker, count = Device(), 600
    for number in range(count):
        device.send(maker.reading(now(), {"temperature": number}))
        if number == 300:
            broker.kill9()
            broker.start()
    device.until_acknowledged()
    assert stored(ledger) == count


def test_what_was_sent_before_the_hub_ever_subscribed_arrives(
    tmp_path: Path, ledger: Ledger, device: BareDevice, broker: Mosquitto
) -> None:
    maker = Device()
    for number in range(50):
        device.send(maker.reading(now(), {"temperature": number}))
    with HubProcess(tmp_path, broker.port) as hub:
        hub.wait_for("broker connected")
        device.until_acknowledged()
    assert stored(ledger) == 50


def test_what_cannot_be_read_is_kept_acknowledged_and_stops_nothing(
    hub: HubProcess, ledger: Ledger, device: BareDevice
) -> None:
    maker = Device()
    good = maker.observation(now())
    bad = type(good)(good.topic, json.dumps({"epoch": "e1", "sequence": "7"}).encode(), now())
    device.client.publish(good.topic, b"\x00\xff", qos=1)
    device.send(bad)
    device.send(good)
    device.until_acknowledged()
    with ledger.read() as conn:
        assert conn.scalar(select(func.count()).select_from(quarantine)) >= 2
        assert conn.scalar(select(func.count()).select_from(incidents)) == 1


def test_a_stop_is_clean_and_the_next_start_reads_at_once(
    hub: HubProcess, ledger: Ledger, device: BareDevice
) -> None:
    device.send(Device().observation(now()))
    device.until_acknowledged()
    hub.terminate()
    assert hub.process is not None
    assert hub.process.returncode == 0
    device.send(Device(epoch="e2").observation(now(), "o2"))
    hub.start()
    device.until_acknowledged()
    assert stored(ledger) == 2


def test_a_second_reader_is_refused_and_told_who_reads(
    hub: HubProcess, tmp_path: Path, broker: Mosquitto
) -> None:
    second = HubProcess(hub.folder, broker.port, ingest={"client_id": "second"})
    second.log = tmp_path / "second.log"
    with second:
        assert second.ended() == 1
    assert hub.process is not None
    assert f"/{hub.process.pid}/" in second.log.read_text()
    assert hub.process.poll() is None


def test_wrong_credentials_end_the_start_with_code_2(tmp_path: Path, ledger: Ledger) -> None:
    secret = tmp_path / "mqtt.password"
    secret.touch(mode=0o600)
    secret.write_text("wrong")
    ingest = {"username": "hub", "password": "file:mqtt.password"}
    with (
        Mosquitto(tmp_path / "broker", users={"hub": "right"}) as broker,
        HubProcess(tmp_path, broker.port, ingest=ingest) as hub,
    ):
        assert hub.ended() == 2
        said = hub.log.read_text()
    assert "check ingest.protocol, username and password" in said
    assert "wrong" not in said.replace("wrong_", "")


def test_a_broker_that_comes_later_is_waited_for(tmp_path: Path, ledger: Ledger) -> None:
    port = free_port()
    with HubProcess(tmp_path, port) as hub:
        hub.wait_for("broker not reached")
        assert httpx.get(f"http://127.0.0.1:{hub.port}/health").status_code == 503
        with Mosquitto(tmp_path / "broker", port=port):
            hub.wait_for("broker connected")
            until(lambda: httpx.get(f"http://127.0.0.1:{hub.port}/health").status_code == 200)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[int]:
    """The broker that ships with the hub, in its own process; its port."""
    from hub_server.auth.users import hash_password

    port, config = free_port(), tmp_path / "broker.yaml"
    config.write_text(
        json.dumps(
            {
                "port": port,
                "data_dir": str(tmp_path / "amqtt"),
                "accounts": {
                    name: {
                        "password_hash": hash_password("secret-word"),
                        "publish": ["linli/v1/#"],
                        "subscribe": [allowed],
                    }
                    for name, allowed in {
                        "hub": "linli/v1/#",
                        "pi-0001": "linli/v1/#",
                        "deaf": "nothing/#",
                    }.items()
                },
            }
        )
    )
    process = subprocess.Popen([sys.executable, "-m", "hub_server.broker", config])
    yield port
    process.terminate()
    process.wait(10)


def test_the_embedded_broker_over_311(tmp_path: Path, ledger: Ledger, embedded: int) -> None:
    secret = tmp_path / "mqtt.password"
    secret.touch(mode=0o600)
    secret.write_text("secret-word")
    account = {"username": "hub", "password": "file:mqtt.password"}
    ingest = {"protocol": "3.1.1", **account}
    with HubProcess(tmp_path, embedded, ingest=ingest) as hub:
        hub.wait_for("broker connected")
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "pi-0001", protocol=mqtt.MQTTv311)
        client.username_pw_set("pi-0001", "secret-word")
        device = BareDevice("pi-0001", embedded, client)
        maker = Device()
        for number in range(200):
            device.send(maker.reading(now(), {"temperature": number}))
        device.until_acknowledged()
        device.close()
    assert stored(ledger) == 200


def test_mqtt_5_on_a_broker_of_311_is_refused_not_lowered(
    tmp_path: Path, ledger: Ledger, embedded: int
) -> None:
    secret = tmp_path / "mqtt.password"
    secret.touch(mode=0o600)
    secret.write_text("secret-word")
    account = {"username": "hub", "password": "file:mqtt.password"}
    with HubProcess(tmp_path, embedded, ingest=account) as hub:
        assert hub.ended() == 2
    assert "MQTT 5" in hub.log.read_text()


def test_a_refused_subscription_ends_the_start_with_code_2(
    tmp_path: Path, ledger: Ledger, embedded: int
) -> None:
    secret = tmp_path / "mqtt.password"
    secret.touch(mode=0o600)
    secret.write_text("secret-word")
    ingest = {"protocol": "3.1.1", "username": "deaf", "password": "file:mqtt.password"}
    with HubProcess(tmp_path, embedded, ingest=ingest) as hub:
        assert hub.ended() == 2
    assert "a refusal to subscribe" in hub.log.read_text()
