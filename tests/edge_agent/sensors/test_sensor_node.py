"""Microcontroller nodes on a real Mosquitto with the project's own access list."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.sensors import Sensor, SensorError, open_sensor
from edge_agent.sensors.node import value_in
from edge_agent.sensors.settings import NodeValue
from linli_settings import ConfigError
from tests.edge_agent.sensors.node_kit import Nodes, node_settings
from tests.edge_agent.sensors.sensor_kit import T0, TEMPERATURE, until
from tests.support.mosquitto import installed

pytestmark = pytest.mark.skipif(not installed(), reason="mosquitto is not installed")
TOPIC = "nodes/node-a/sensor/temperature/state"


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    with Nodes(tmp_path) as running:
        yield running


@pytest.fixture
def sensor(tmp_path: Path, nodes: Nodes) -> Iterator[Sensor]:
    made = open_sensor(node_settings(tmp_path, nodes.port, silent_after="1s"), tmp_path)
    made.read(T0)
    until(lambda: made._client.is_connected(), "the agent's connection")  # type: ignore[attr-defined]
    yield made
    made.close()


def _value(sensor: Sensor) -> float | None:
    try:
        return sensor.read(T0).get("temperature")
    except SensorError:
        return None


def test_each_value_is_given_once(nodes: Nodes, sensor: Sensor) -> None:
    with nodes.client("node-a") as node:
        node.publish(TOPIC, "21.5", qos=1)
        assert until(lambda: _value(sensor), "a value") == 21.5
        assert sensor.read(T0) == {}


def test_a_node_cannot_speak_for_another(nodes: Nodes, sensor: Sensor) -> None:
    with nodes.client("node-b") as other, nodes.client("node-a") as node:
        for _ in range(5):
            other.publish(TOPIC, "99", qos=1).wait_for_publish(5)
        node.publish(TOPIC, "21.5", qos=1)
        assert until(lambda: _value(sensor), "a value") == 21.5
        time.sleep(0.3)
        assert sensor.read(T0) == {}


def test_a_node_hears_nothing(nodes: Nodes) -> None:
    heard: list[str] = []
    with nodes.client("node-b") as spy, nodes.client("node-a") as node:
        spy.on_message = lambda _c, _d, message: heard.append(message.topic)
        spy.subscribe("#", qos=1)
        time.sleep(0.2)
        node.publish(TOPIC, "21.5", qos=1).wait_for_publish(5)
        time.sleep(0.3)
    assert heard == []


def test_a_silent_node_is_at_fault_and_its_last_will_says_so_at_once(
    tmp_path: Path, nodes: Nodes
) -> None:
    chosen = node_settings(tmp_path, nodes.port, silent_after="1h")
    sensor = open_sensor(chosen, tmp_path)
    sensor.read(T0)
    with nodes.client("node-a", will="nodes/node-a/status") as node:
        node.publish("nodes/node-a/status", "online", qos=1, retain=True)
        until(lambda: node.publish(TOPIC, "21.5", qos=1) and _value(sensor), "a value")
        node.socket().close()  # the node loses its power

        def offline() -> bool:
            try:
                sensor.read(T0)
            except SensorError as error:
                return error.code == "sensor_silent" and "offline" in str(error)
            return False

        until(offline, "the last will")
    sensor.close()


def test_what_the_broker_had_retained_is_of_unknown_age_and_no_value(
    tmp_path: Path, nodes: Nodes
) -> None:
    with nodes.client("node-a") as node:
        node.publish(TOPIC, "99", qos=1, retain=True).wait_for_publish(5)
        sensor = open_sensor(node_settings(tmp_path, nodes.port), tmp_path)
        sensor.read(T0)
        until(lambda: sensor._client.is_connected(), "the agent's connection")  # type: ignore[attr-defined]
        time.sleep(0.3)
        assert sensor.read(T0) == {}
        node.publish(TOPIC, "21.5", qos=1, retain=True)
        assert until(lambda: _value(sensor), "a live value") == 21.5
        sensor.close()


def test_a_wrong_account_is_said(tmp_path: Path, nodes: Nodes) -> None:
    chosen = node_settings(tmp_path, nodes.port)
    (tmp_path / "node.password").write_text("wrong")
    sensor = open_sensor(chosen, tmp_path)

    def refused() -> bool:
        try:
            sensor.read(T0)
        except SensorError as error:
            return error.code == "sensor_broker"
        return False

    until(refused, "the refusal")
    sensor.close()


def test_without_its_password_it_is_a_wrong_configuration(tmp_path: Path) -> None:
    chosen = node_settings(tmp_path, 1)
    (tmp_path / "node.password").unlink()
    with pytest.raises(ConfigError, match=r"node\.password"):
        open_sensor(chosen, tmp_path)


def _row(field: str | None = None) -> NodeValue:
    return NodeValue.model_validate(TEMPERATURE | {"topic": "t", "field": field})


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [(b"21.5", None, 21.5), (b"-3", None, -3.0), (b'{"t": 21.5, "h": 4}', "t", 21.5)],
)
def test_values_as_numbers_or_in_objects(body: bytes, field: str | None, value: float) -> None:
    assert value_in(body, _row(field)) == value


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"nan?", None),
        (b"", None),
        (b"true", None),
        (b'"21"', None),
        (b"[1]", "t"),
        (b'{"h": 1}', "t"),
        (b'{"t": "x"}', "t"),
        (b"1" * 5000, None),
        (b"[" * 3000, None),
        (b"\xff\xfe", None),
    ],
)
def test_what_is_no_number_is_garbled(body: bytes, field: str | None) -> None:
    with pytest.raises(SensorError) as caught:
        value_in(body, _row(field))
    assert caught.value.code == "sensor_garbled"
