"""What ``doctor`` says of a sensor."""

import threading
from pathlib import Path

from edge_agent.doctor import read_once
from edge_agent.findings import NAMES
from tests.edge_agent.sensors.node_kit import Nodes, node_settings
from tests.edge_agent.sensors.sensor_kit import TEMPERATURE, recorded_iio, settings_of


def test_a_value_or_the_cause(tmp_path: Path) -> None:
    root = tmp_path / "iio"
    chosen = settings_of(type="iio", device="bme280", channel="in_temp", root=root, **TEMPERATURE)
    found = read_once(chosen, tmp_path)
    assert found.fault.startswith("sensor_missing: no IIO device named 'bme280'")
    assert found.check in NAMES
    recorded_iio(root)
    assert read_once(chosen, tmp_path).detail == "temperature 21.48 °C"


def test_a_node_is_waited_for(tmp_path: Path) -> None:
    with Nodes(tmp_path) as nodes, nodes.client("node-a") as node:
        chosen = node_settings(tmp_path, nodes.port)
        topic = "nodes/node-a/sensor/temperature/state"
        node.publish(topic, "7", qos=1, retain=True)
        stop = threading.Event()

        def send() -> None:
            while not stop.wait(0.2):
                node.publish(topic, "21.5", qos=1)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        found = read_once(chosen, tmp_path)
        stop.set()
        thread.join()
        assert found.detail == "temperature 21.5 °C"


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    chosen = settings_of(type="replay", file="none.csv", **TEMPERATURE)
    assert "none.csv" in read_once(chosen, tmp_path).fault
