"""The Mosquitto of a device: one account for each node, as firmware_configs/nodes says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import ROOT
from tests.edge_agent.sensors.sensor_kit import TEMPERATURE, settings_of, until
from tests.support.mosquitto import Mosquitto

PASSWORDS = {"agent": "agent-password", "node-a": "a-password", "node-b": "b-password"}
ACL = ROOT / "firmware_configs" / "nodes" / "acl"


def node_settings(folder: Path, port: int, **changes: object) -> Any:
    """Settings of node-a, with the agent's password beside them."""
    secret = folder / "node.password"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORDS["agent"])
    values: dict[str, object] = {
        "type": "mqtt_node",
        "node": "node-a",
        "broker": {
            "host": "127.0.0.1",
            "port": port,
            "username": "agent",
            "password": "file:node.password",
        },
        "values": [TEMPERATURE | {"topic": "sensor/temperature/state"}],
    }
    return settings_of(**(values | changes))


class Nodes:
    """The broker, with the project's own access list."""

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder / "nodes", PASSWORDS, ACL.read_text(encoding="utf-8"))

    @property
    def port(self) -> int:
        return self.broker.port

    def __enter__(self) -> "Nodes":
        self.broker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.broker.stop()

    @contextmanager
    def client(self, account: str, will: str = "") -> Iterator[mqtt.Client]:
        """A microcontroller that is connected under ``account``."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{account}")
        client.username_pw_set(account, PASSWORDS[account])
        if will:
            client.will_set(will, "offline", qos=1, retain=True)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        until(client.is_connected, "the node's connection")
        try:
            yield client
        finally:
            client.disconnect()
            client.loop_stop()
