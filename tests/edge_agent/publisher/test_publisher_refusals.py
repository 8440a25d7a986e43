"""A broker that refuses: the fault names the field and the fix, and the agent goes on trying."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from amqtt.broker import Broker
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.publisher import BrokerSettings, reasons
from edge_agent.publisher.probe import probe_broker
from edge_agent.publisher.session import PUBACK_S, Session
from linli_contract.faults import explain
from tests.edge_agent.outbox.outbox_kit import draft
from tests.edge_agent.publisher.publisher_kit import IDENTITY, NOW, edge, eventually, listening
from tests.support.mosquitto import Mosquitto, free_port, installed

needs_mosquitto = pytest.mark.skipif(not installed(), reason="mosquitto is not installed")
USERS = {"pi-0001": "right", "hub": "hub"}
ACL = """
user pi-0001
topic readwrite linli/v1/330899/pi-0001/#
user hub
topic readwrite linli/#
"""
READINGS_ONLY = ACL.replace("pi-0001/#", "pi-0001/reading") + (
    "user pi-0001\n"
    "topic read linli/v1/330899/pi-0001/#\n"
    "topic write linli/v1/330899/pi-0001/status\n"
)


def _secret(folder: Path, text: str) -> str:
    file = folder / "mqtt.password"
    file.write_text(text)
    file.chmod(0o600)
    return "file:mqtt.password"


@needs_mosquitto
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_wrong_password_is_said_and_the_right_one_heals(tmp_path: Path, protocol: str) -> None:
    with Mosquitto(tmp_path / "broker", USERS, ACL) as broker:
        password = _secret(tmp_path, "wrong")
        with edge(
            tmp_path, broker.port, protocol=protocol, username="pi-0001", password=password
        ) as (outbox, publisher):
            # 3.1.1 and Mosquitto say "not authorised" for a wrong password
            eventually(
                lambda: str(publisher.faults()).startswith(("('broker_cred", "('broker_not_auth")),
                "the refusal",
            )
            [text] = publisher.faults()
            assert "broker.username" in explain(text, "en")
            assert "broker.username" in explain(text, "zh")
            assert "wrong" not in text
            outbox.append(draft(at=NOW()), NOW())
            _secret(tmp_path, "right")
            eventually(lambda: publisher.connected, "it reads the password again")
            eventually(lambda: publisher.faults() == (), "no fault any more")
            eventually(lambda: publisher.counters.sent == 1, "the event that waited")


@needs_mosquitto
def test_mqtt_5_shows_what_the_acl_refuses_and_keeps_it(tmp_path: Path) -> None:
    with (
        Mosquitto(tmp_path / "broker", USERS, READINGS_ONLY) as broker,
        edge(tmp_path, broker.port, username="pi-0001", password=_secret(tmp_path, "right")) as (
            outbox,
            publisher,
        ),
    ):
        kept = outbox.append(draft(at=NOW()), NOW())
        eventually(lambda: publisher.counters.refused >= 1, "a refusing PUBACK")
        assert outbox.count() == 1
        assert publisher.counters.sent == 0
        [text] = publisher.faults()
        assert text.startswith("publish_refused: linli/v1/330899/pi-0001/event/intrusion")
        broker.set_acl(ACL)
        broker.reload()
        with listening(broker.port, "hub", "hub") as hub:
            hub.auto_ack = True
            eventually(lambda: kept.id in hub.ids(), "the event once it is allowed")
            eventually(lambda: outbox.count() == 0, "confirmed")
            assert publisher.faults() == ()


@needs_mosquitto
def test_mqtt_3_hides_what_the_acl_refuses_and_the_row_still_waits(tmp_path: Path) -> None:
    with (
        Mosquitto(tmp_path / "broker", USERS, READINGS_ONLY) as broker,
        edge(
            tmp_path,
            broker.port,
            protocol="3.1.1",
            username="pi-0001",
            password=_secret(tmp_path, "right"),
        ) as (outbox, publisher),
    ):
        kept = outbox.append(draft(at=NOW()), NOW())
        eventually(lambda: publisher.counters.sent >= 2, "sent, and sent again")
        assert outbox.count() == 1
        broker.set_acl(ACL)
        broker.reload()
        with listening(broker.port, "hub", "hub") as hub:
            hub.auto_ack = True
            eventually(lambda: kept.id in hub.ids(), "the event once it is allowed")
            eventually(lambda: outbox.count() == 0, "confirmed")


def test_nothing_listens(tmp_path: Path) -> None:
    with edge(tmp_path, free_port()) as (_, publisher):
        eventually(lambda: "nothing listens" in str(publisher.faults()), "the refusal")
        assert "broker.port" in explain(publisher.faults()[0], "en")


@contextmanager
def _only_3_1_1(port: int) -> Iterator[None]:
    """The embedded broker: it speaks MQTT 3.1.1 only."""
    loop = asyncio.new_event_loop()
    config = {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    started = threading.Event()
    stop: asyncio.Event | None = None

    async def serve() -> None:
        nonlocal stop
        stop = asyncio.Event()
        running = Broker(config)
        await running.start()
        started.set()
        await stop.wait()
        await running.shutdown()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    try:
        yield
    finally:
        assert stop is not None
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def test_a_broker_of_another_protocol_version_is_a_fault_and_no_fallback(tmp_path: Path) -> None:
    port = free_port()
    with _only_3_1_1(port):
        with edge(tmp_path / "five", port, protocol="5") as (_, publisher):
            eventually(
                lambda: set(publisher.faults()) & {"broker_closed", "broker_no_answer"},
                "the refusal",
            )
            assert "broker.protocol" in explain(publisher.faults()[0], "en")
            assert not publisher.connected
        with edge(tmp_path / "three", port, protocol="3.1.1") as (_, publisher):
            eventually(lambda: publisher.connected, "connected")


def test_doctor_says_the_same_and_leaves_no_trace(tmp_path: Path, broker: Mosquitto) -> None:
    def probe(port: int) -> str:
        settings = BrokerSettings(host="127.0.0.1", port=port, protocol="5")
        return probe_broker(settings, IDENTITY, tmp_path)

    with listening(broker.port) as hub, edge(tmp_path, broker.port) as (_, publisher):
        eventually(lambda: hub.statuses, "online")
        assert probe(broker.port) == ""
        assert probe(free_port()).startswith("broker_unreachable")
        assert publisher.connected
        assert [status.state for status in hub.statuses] == ["online"]


def test_two_devices_of_one_name_are_told(tmp_path: Path, broker: Mosquitto) -> None:
    with edge(tmp_path / "a", broker.port) as (_, one):
        eventually(lambda: one.connected, "the first")
        with edge(tmp_path / "b", broker.port) as (_, other):
            # this broker does not say why; that it happens again and again says it
            eventually(lambda: "broker_unsteady" in one.faults() + other.faults(), "the fault")
            assert "this device's name" in explain("broker_unsteady", "en")


def test_a_broker_that_says_so_is_believed() -> None:
    taken_over = ReasonCode(PacketTypes.DISCONNECT, identifier=0x8E)
    assert reasons.of_end(taken_over, answered=True).startswith("broker_taken_over")


def test_a_puback_that_never_comes_ends_the_connection_and_lets_the_others_pass() -> None:
    session = Session(
        mqtt.Client(CallbackAPIVersion.VERSION2), IDENTITY, "c", lambda *_: None, window=20
    )
    session.in_flight = {1: (7, 100.0), 2: (8, 101.0)}
    assert not session.is_stuck(100.0 + PUBACK_S)
    assert session.is_stuck(100.5 + PUBACK_S)
    assert session.refused == [7]
    assert "no PUBACK" in session.fault
