"""The scaled layout on this machine: bridges and workers as processes on real parts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml
from sqlalchemy import select

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import partitions
from tests.support.mosquitto import free_port

PARTITIONS = 6


class Part:
    """A bridge or a worker; can be killed, stopped as by a debugger, and continued."""

    def __init__(self, folder: Path, name: str, *command: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [str(Path(sys.executable).with_name("hub-server")), *command]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Part":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def wait_for(self, text: str, limit_s: float = 60.0) -> None:
        """Until ``text`` stands in the log; fails when the process ends first."""
        deadline = time.monotonic() + limit_s
        while text not in self.tail():
            assert self.process is not None
            assert self.process.poll() is None, self.tail()
            assert time.monotonic() < deadline, f"{self.name}: {text} never came\n{self.tail()}"
            time.sleep(0.05)

    def tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-20_000:]

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill9(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Scaled:
    """Bridges and workers of one county.

    Args:
        broker: port of the MQTT broker.
        kafka: ``host:port``.
        ledger_url: a PostgreSQL database.
        topic: its name, of :data:`PARTITIONS`.
        group: of the workers; the topic's name if none.
        session: how long the broker keeps the queue of a bridge that is away.
        more: further settings.
    """

    def __init__(
        self,
        folder: Path,
        broker: int,
        kafka: str,
        ledger_url: str,
        topic: str,
        session: str = "3s",
        group: str = "",
        **more: object,
    ) -> None:
        self.folder, self.topic = folder, topic
        (folder / "auth.secret").touch(mode=0o600)
        (folder / "auth.secret").write_text("s" * 48)
        self._settings: dict[str, object] = {
            "county": "330899",
            "data_dir": "data",
            "ledger": {"url": ledger_url},
            "ingest": {
                "type": "kafka",
                "servers": kafka,
                "topic": topic,
                "group": group or topic,
                "partitions": PARTITIONS,
                "bridge_session": session,
                "broker": {
                    "type": "mqtt",
                    "host": "127.0.0.1",
                    "port": broker,
                    "protocol": "5",
                    "reconnect_delay": "200ms",
                },
            },
            "auth": {"secret": "file:auth.secret"},
            "notifiers": [{"type": "console"}],
            **more,
        }
        self.parts: list[Part] = []

    def worker(self, name: str, roles: str = "ingest,outbound") -> Part:
        """A new worker, started."""
        return self._start(
            Part(self.folder, name, "run", "-c", self._config(name), "--roles", roles)
        )

    def bridge(self, name: str, *more: str) -> Part:
        """A new bridge, started."""
        return self._start(
            Part(self.folder, name, "bridge", "-c", self._config(name), "--name", name, *more)
        )

    def stop(self) -> None:
        """Kill all that runs."""
        for part in self.parts:
            part.kill9()

    def _start(self, part: Part) -> Part:
        self.parts.append(part)
        return part.start()

    def _config(self, name: str) -> str:
        port = free_port()
        http = {"port": port, "public_url": f"http://127.0.0.1:{port}"}
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({**self._settings, "http": http}))
        return str(file)


def holders(ledger: Ledger) -> dict[tuple[str, int], int]:
    """Topic and partition → process id of the worker that took it last."""
    row = partitions.c
    with ledger.read() as conn:
        rows = conn.execute(select(row.topic, row.partition, row.holder)).all()
    return {(one.topic, one.partition): int(one.holder.split("/")[1]) for one in rows}
