"""deploy/mosquitto on a real Mosquitto: a device speaks under its own name only, and nothing
that waits for the hub is lost by a restart."""

import queue
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from hub_server.devices.mosquitto import password_line
from linli_contract.topics import UPWARD, Channel, build, device_filters, hub_filters
from tests.deploy.installed import Installed, prepare
from tests.support.mosquitto import installed

pytestmark = pytest.mark.skipif(not installed(), reason="mosquitto is not installed")

COUNTY = "330899"
PASSWORDS = {"pi-0001": "first", "pi-0002": "second"}
LIMIT_S = 10.0
Connect = Callable[..., "Guest"]


class Guest:
    """One MQTT 5 client over TLS; what it gets is put into queues."""

    def __init__(self, broker: Installed, ca: Path, name: str | None, password: str | None) -> None:
        self.messages: queue.Queue[MQTTMessage] = queue.Queue()
        self._answers: queue.Queue[ReasonCode] = queue.Queue()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=name or "", protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.username_pw_set(name, password)
        self._client.tls_set(str(ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._client.on_message = lambda _c, _u, message: self.messages.put(message)
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._answers.put(code)
        self._client.on_publish = lambda _c, _u, _m, code, _p: self._answers.put(code)
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._answers.put(codes[0])
        self._broker = broker
        self.answer = ""

    def connect(self, keep_session: bool = False) -> str:
        """The broker's answer."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600 if keep_session else 0
        self._client.connect(
            "localhost",
            self._broker.tls_port,
            clean_start=not keep_session,
            properties=properties,
        )
        self._client.loop_start()
        return str(self._answers.get(timeout=LIMIT_S))

    def publish(self, topic: str, payload: str = "x") -> str:
        """The broker's answer to a publish of QoS 1."""
        self._client.publish(topic, payload, qos=1)
        return str(self._answers.get(timeout=LIMIT_S))

    def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)
        self._answers.get(timeout=LIMIT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates, secrets and accounts, as an installer makes them."""
    folder: Path = tmp_path_factory.mktemp("private")
    prepare(folder, "localhost")
    with (folder / "accounts" / "passwd").open("a") as accounts:
        for name, password in PASSWORDS.items():
            accounts.write(password_line(name, password) + "\n")
    return folder


@pytest.fixture
def broker(tmp_path: Path, private: Path) -> Iterator[Installed]:
    running = Installed(tmp_path / "broker", private)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def guest(broker: Installed, private: Path) -> Iterator[Connect]:
    """Connects a client by its name, with its own password."""
    known = {**PASSWORDS, "hub": (private / "secrets" / "hub.mqtt.password").read_text().strip()}
    guests: list[Guest] = []

    def make(name: str | None, password: str | None = None, keep_session: bool = False) -> Guest:
        one = Guest(broker, private / "certs" / "ca.pem", name, password or known.get(name or ""))
        guests.append(one)
        one.answer = one.connect(keep_session)
        return one

    yield make
    for one in guests:
        one.close()


def topics_up(device: str) -> list[str]:
    named = {Channel.EVENT: "intrusion", Channel.REPLY: "r1"}
    return [build(COUNTY, device, channel, named.get(channel, "")) for channel in UPWARD]


def topics_down(device: str) -> list[str]:
    return [one.replace("+", "c1") for one in device_filters(COUNTY, device)]


def test_a_device_publishes_under_its_own_name(guest: Connect) -> None:
    device = guest("pi-0001")
    hub = guest("hub")
    for each in hub_filters(COUNTY):
        hub.subscribe(each)
    for topic in topics_up("pi-0001"):
        assert device.publish(topic) == "Success", topic
        assert hub.messages.get(timeout=LIMIT_S).topic == topic


def test_a_device_is_refused_under_anothers_name(guest: Connect) -> None:
    device = guest("pi-0001")
    for topic in topics_up("pi-0002"):
        assert device.publish(topic) == "Not authorized", topic


def test_a_device_does_not_speak_for_the_hub_nor_outside_the_tree(guest: Connect) -> None:
    device = guest("pi-0001")
    for topic in [*topics_down("pi-0001"), "linli/v1/330898/pi-0001/reading", "elsewhere"]:
        assert device.publish(topic) == "Not authorized", topic


def test_a_device_hears_only_what_is_meant_for_it(guest: Connect) -> None:
    first, second, hub = guest("pi-0001"), guest("pi-0002"), guest("hub")
    for each in device_filters(COUNTY, "pi-0001"):
        first.subscribe(each)
    for each in [*device_filters(COUNTY, "pi-0001"), *topics_up("pi-0001"), "#"]:
        second.subscribe(each)
    for topic in topics_down("pi-0001"):
        assert hub.publish(topic) == "Success"
    assert first.publish(build(COUNTY, "pi-0001", Channel.READING)) == "Success"
    last = build(COUNTY, "pi-0002", Channel.ACK)
    assert hub.publish(last) == "Success"
    assert second.messages.get(timeout=LIMIT_S).topic == last
    heard = {first.messages.get(timeout=LIMIT_S).topic for _ in topics_down("pi-0001")}
    assert heard == set(topics_down("pi-0001"))


@pytest.mark.parametrize("password", [None, "wrong"])
def test_nobody_enters_without_a_password(guest: Connect, password: str | None) -> None:
    name = "pi-0001" if password else None
    assert guest(name, password).answer == "Not authorized"


def test_what_waits_for_the_hub_outlives_a_restart(broker: Installed, guest: Connect) -> None:
    """More than Mosquitto's default limit of 1000, which it would drop although acknowledged."""
    hub = guest("hub", keep_session=True)
    hub.subscribe(hub_filters(COUNTY)[1])
    hub.close()
    device = guest("pi-0001")
    topic = build(COUNTY, "pi-0001", Channel.READING)
    for n in range(1500):
        assert device.publish(topic, str(n)) == "Success"
    device.close()
    broker.stop()
    broker.start()
    again = guest("hub", keep_session=True)
    got = [again.messages.get(timeout=LIMIT_S).payload for _ in range(1500)]
    assert got == [str(n).encode() for n in range(1500)]
