"""The broker that other tests rely on is a real one: it refuses, and it comes back."""

from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.support.mosquitto import Mosquitto, installed

pytestmark = pytest.mark.skipif(not installed(), reason="mosquitto is not installed")


def _connect(broker: Mosquitto, password: str) -> int:
    codes: list[ReasonCode] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "probe", protocol=mqtt.MQTTv5)
    client.username_pw_set("pi-1", password)
    client.on_connect = lambda *args: codes.append(args[3])
    client.connect(broker.host, broker.port)
    while not codes:
        client.loop(0.1)
    client.disconnect()
    return int(codes[0].value)


def test_accounts_are_checked_and_a_killed_broker_starts_again(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker", users={"pi-1": "right"}, acl="user pi-1\ntopic #")
    with broker:
        assert _connect(broker, "right") == 0
        assert _connect(broker, "wrong") >= 0x80
        broker.kill9()
        with pytest.raises(OSError, match="refused"):
            _connect(broker, "right")
        broker.start()
        assert _connect(broker, "right") == 0
