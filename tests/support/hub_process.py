"""The hub as a process of its own, and a device that speaks bare MQTT."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import paho.mqtt.client as mqtt
import yaml

from hub_server.ingest.types import Received
from tests.support.mosquitto import free_port

_LIMIT_S = 20.0


def until(fits: Callable[[], object], limit_s: float = _LIMIT_S, what: str = "it") -> None:
    """Wait until ``fits``; fail when it never does."""
    deadline = time.monotonic() + limit_s
    while not fits():
        assert time.monotonic() < deadline, f"{what} never came"
        time.sleep(0.02)


class HubProcess:
    """``hub-server run`` on a ledger in ``folder``; can be killed and started again."""

    def __init__(self, folder: Path, broker_port: int, **settings: object) -> None:
        self.folder, self.port = folder, free_port()
        self.config = folder / "hub.yaml"
        self.log = folder / "hub.log"
        (folder / "auth.secret").touch(mode=0o600)
        (folder / "auth.secret").write_text("s" * 48)
        ingest: dict[str, object] = {
            "type": "mqtt",
            "host": "127.0.0.1",
            "port": broker_port,
            "protocol": "5",
            "reconnect_delay": "200ms",
        }
        extra = settings.pop("ingest", {})
        assert isinstance(extra, Mapping)
        values = {
            "county": "330899",
            "data_dir": "data",
            "ledger": {"url": "sqlite:///ledger.sqlite"},
            "ingest": {**ingest, **extra},
            "http": {"port": self.port, "public_url": f"http://127.0.0.1:{self.port}"},
            "auth": {"secret": "file:auth.secret"},
            "notifiers": [{"type": "console"}],
            **settings,
        }
        self.config.write_text(yaml.safe_dump(values))
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "HubProcess":
        program = Path(sys.executable).with_name("hub-server")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [program, "run", "--config", self.config], stdout=log, stderr=log
            )
        return self

    def wait_for(self, text: str) -> None:
        """Until ``text`` stands in the log of this start; fails when the process ends first."""

        def look() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            return text in self.log.read_text()

        until(look, what=text)

    def ended(self) -> int:
        """Wait for the end; the exit code."""
        assert self.process is not None
        return self.process.wait(2 * _LIMIT_S)

    def kill9(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def terminate(self) -> float:
        """SIGTERM; the seconds until it was gone."""
        assert self.process is not None
        if self.process.poll() is not None:
            return 0.0
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_LIMIT_S)
        return time.monotonic() - start

    def __enter__(self) -> "HubProcess":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()


class BareDevice:
    """Sends rows until the hub's own acknowledgement covers them, as an outbox does."""

    def __init__(self, name: str, port: int, client: mqtt.Client | None = None) -> None:
        self.name = name
        self.rows: dict[tuple[str, int], Received] = {}
        """Not acknowledged yet, by epoch and sequence."""
        self.sent = 0
        self._lock = threading.Lock()
        version = mqtt.CallbackAPIVersion.VERSION2
        self.client = client or mqtt.Client(version, name, protocol=mqtt.MQTTv5)
        self.client.on_connect = self._subscribe
        self.client.on_message = self._acknowledged
        self.client.max_inflight_messages_set(1000)
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", port, 10)
        self.client.loop_start()

    def send(self, message: Received) -> None:
        """Put a row into the outbox and publish it."""
        row = json.loads(message.payload)
        with self._lock:
            self.rows[row["epoch"], int(row["sequence"])] = message
        self._publish(message)

    def resend(self) -> None:
        """Publish again what is not acknowledged."""
        with self._lock:
            left = list(self.rows.values())
        for message in left:
            self._publish(message)

    def until_acknowledged(self, limit_s: float = 60.0) -> None:
        """Send again and again until nothing is left."""
        deadline = time.monotonic() + limit_s
        while self.rows:
            assert time.monotonic() < deadline, f"{len(self.rows)} rows never acknowledged"
            time.sleep(1)
            self.resend()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _publish(self, message: Received) -> None:
        self.client.publish(message.topic, message.payload, qos=1)
        self.sent += 1

    def _subscribe(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"linli/v1/330899/{self.name}/ack", qos=1)

    def _acknowledged(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with self._lock:
            for one in json.loads(message.payload)["ranges"]:
                for number in range(one["first"], one["last"] + 1):
                    self.rows.pop((one["epoch"], number), None)
