"""A county of one device on this machine: a real broker, hub and edge agent, each killable."""

import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml

from edge_agent.outbox import OutboxError
from edge_agent.outbox.report import Report, report
from hub_server.devices.areas import load_areas, store_areas
from hub_server.devices.profile import Site
from hub_server.devices.registry import NewDevice, register
from hub_server.ledger.engine import open_ledger
from tests.support.mosquitto import Mosquitto, free_port

ROOT = Path(__file__).parents[2]
COUNTY, DEVICE, GRID = "330899", "pi-0001", "330899001001001"
HUB_PASSWORD, DEVICE_PASSWORD = "hub-password-1", "device-password-1"
TOKEN = "lld_test-token"
DEVICE_MAY = f"topic readwrite linli/v1/{COUNTY}/{DEVICE}/#"
ACL = f"user hub\ntopic readwrite linli/v1/#\n\nuser {DEVICE}\n"


def wait_until(true: Callable[[], bool], limit_s: float, what: str) -> None:
    """Poll until ``true``; an AssertionError names ``what`` did not come."""
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline, f"not within {limit_s:g} s: {what}"
        time.sleep(0.1)


class Program:
    """One of our programs as a process."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command, self._log = command, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(self._command, stdout=out, stderr=out)

    def kill9(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            process.wait(timeout=20)

    def tail(self) -> str:
        return self._log.read_text()[-3000:] if self._log.exists() else ""


class County:
    """Broker, hub and agent in ``folder``; nothing is started yet.

    Args:
        readings: how many rounds the device's sensor has, ten a second.
        protocol: of both connections.
        acl: what the device may do at the broker.
        broker_settings: further lines of mosquitto.conf.
        edge_settings: further keys of the agent's configuration.
    """

    def __init__(
        self,
        folder: Path,
        readings: int,
        protocol: str = "5",
        acl: str = DEVICE_MAY,
        broker_settings: str = "",
        edge_settings: Mapping[str, object] | None = None,
    ) -> None:
        self.folder = folder
        self.hub_folder, self.edge_folder = folder / "hub", folder / "edge"
        for one in (self.hub_folder / "data", self.edge_folder):
            one.mkdir(parents=True)
        users = {"hub": HUB_PASSWORD, DEVICE: DEVICE_PASSWORD}
        self.broker = Mosquitto(
            folder / "broker", users, ACL + acl, persistence=True, settings=broker_settings
        )
        self.http_port = free_port()
        self.outbox_file = self.edge_folder / "data" / "outbox.sqlite"
        self.ledger_file = self.hub_folder / "data" / "ledger.sqlite"
        self._write_hub(protocol)
        self._write_edge(protocol, readings, edge_settings or {})
        self._enrol()
        scripts = Path(sys.executable).parent
        self.hub = Program(
            [str(scripts / "hub-server"), "run", "--config", str(self.hub_folder / "hub.yaml")],
            folder / "hub.log",
        )
        self.agent_config = self.edge_folder / "agent.yaml"
        self.edge = Program(
            [str(scripts / "edge-agent"), "run", "--config", str(self.agent_config)],
            folder / "edge.log",
        )

    def _write_hub(self, protocol: str) -> None:
        _secret(self.hub_folder / "mqtt.password", HUB_PASSWORD)
        _secret(self.hub_folder / "auth.secret", "x" * 48)
        url = f"http://127.0.0.1:{self.http_port}"
        ingest = {
            "type": "mqtt", "host": "127.0.0.1", "port": self.broker.port, "protocol": protocol,
            "username": "hub", "password": "file:mqtt.password",
        }  # fmt: skip
        settings = {
            "county": COUNTY, "data_dir": "data",
            "ledger": {"url": f"sqlite:///{self.ledger_file}"}, "ingest": ingest,
            "http": {"host": "127.0.0.1", "port": self.http_port, "public_url": url},
            "auth": {"secret": "file:auth.secret"},
        }  # fmt: skip
        (self.hub_folder / "hub.yaml").write_text(yaml.safe_dump(settings))

    def _write_edge(self, protocol: str, readings: int, more: Mapping[str, object]) -> None:
        _secret(self.edge_folder / "mqtt.password", DEVICE_PASSWORD)
        _secret(self.edge_folder / "device.token", TOKEN)
        rows = "".join(f"{n / 10:.1f},{n % 7}\n" for n in range(readings))
        (self.edge_folder / "gas.csv").write_text("offset_s,value\n" + rows)
        sensor = {
            "name": "gas-1", "type": "replay", "file": "gas.csv", "metric": "gas_lel",
            "unit": "%LEL", "range": [0, 100], "interval": "100ms",
        }  # fmt: skip
        broker = {
            "host": "127.0.0.1", "port": self.broker.port, "protocol": protocol,
            "username": DEVICE, "password": "file:mqtt.password",
        }  # fmt: skip
        settings = {
            "county": COUNTY, "device": DEVICE, "data_dir": "data", "broker": broker,
            "hub": {"url": f"http://127.0.0.1:{self.http_port}", "token": "file:device.token"},
            "sensors": [sensor], "health": {"interval": "10min"}, "outbox": {"resend": "5s"},
            **more,
        }  # fmt: skip
        (self.edge_folder / "agent.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True))

    def _enrol(self) -> None:
        source = {"name": "gas-1", "zh": "燃气", "en": "Gas", "agent": {"type": "replay"}}
        site = Site.model_validate({"sensors": [source]})
        ledger = open_ledger(f"sqlite:///{self.ledger_file}")
        ledger.migrate()
        with ledger.write() as conn:
            store_areas(conn, load_areas(ROOT / "rules" / "areas.yaml"))
            new = NewDevice(DEVICE, COUNTY, "raspberry-pi-5", GRID, site)
            register(conn, new, TOKEN, datetime.now(UTC))
        ledger.close()

    def outbox(self) -> Report:
        """What the device made and still holds."""
        return report(self.outbox_file)

    def minted(self) -> int:
        """How many messages the device has made; 0 while it has no outbox yet."""
        try:
            return self.outbox().minted
        except OutboxError:
            return 0

    def stored(self) -> Counter[int]:
        """How often each sequence of the device's epoch is in the ledger."""
        if not self.minted():
            return Counter()
        db = sqlite3.connect(f"file:{self.ledger_file}?mode=ro", uri=True)
        try:
            rows = db.execute(
                "SELECT sequence FROM inbox WHERE epoch = ?", (self.outbox().epoch,)
            ).fetchall()
        finally:
            db.close()
        return Counter(int(row[0]) for row in rows)

    def drained(self) -> bool:
        """Whether the device holds nothing more."""
        if not self.minted():
            return False
        found = self.outbox()
        return found.waiting == found.unconfirmed == 0

    def stop(self) -> None:
        for part in (self.edge, self.hub, self.broker):
            part.stop()


def _secret(file: Path, value: str) -> None:
    file.touch(mode=0o600)
    file.write_text(value)
