"""`make soak`: 5,000 devices with 20,000 sources for ten minutes on one machine.

Every device has a session of its own at a real Mosquitto, and an outbox that keeps what the hub
has not confirmed. Once all lose their connection and are back within a minute; once everything
comes ten times as fast for five minutes. The lag is that of a device: from the first sending of
a message to the hub's acknowledgement. The simulation, the broker and the hub share the machine's
cores.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.county import wait_until
from tests.support.hub_process import HubProcess
from tests.support.many_devices import ManyDevices, enrol
from tests.support.mosquitto import Mosquitto, installed

DEVICES = 5000
FLAT = 1.25
"""How much more memory the hub may hold at the end than a minute into the surge: by then every
source has spoken, and what is kept of each is there. Measured: 263 MB, and 316 MB at the end;
what comes on top is the first rollup of 20,000 series, once."""
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed (apt: mosquitto)"),
]


class Ground:
    """Broker, hub and all devices."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.sqlite"
        enrol(f"sqlite:///{self.ledger}", DEVICES)
        self.broker = Mosquitto(folder / "broker", settings="max_queued_messages 100000").start()
        self.hub = HubProcess(folder, self.broker.port).start()
        self.hub.wait_for("hub runs")
        self.devices = ManyDevices(self.broker.port, DEVICES)

    def memory(self) -> float:
        """Resident bytes of the hub."""
        assert self.hub.process
        return float(psutil.Process(self.hub.process.pid).memory_info().rss)

    def pass_time(self, phase: str, seconds: float, rate: float = 1) -> float:
        """Let ``seconds`` pass; the most memory the hub held."""
        self.devices.tell(f"phase {phase}")
        self.devices.tell(f"rate {rate}")
        end, most = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            time.sleep(1)
            most = max(most, self.memory())
        return most

    def ask(self, question: str) -> int:
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as db:
            return int(db.execute(question).fetchone()[0])

    def close(self) -> None:
        self.devices.close()
        self.hub.terminate()
        self.broker.stop()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    made = Ground(tmp_path)
    yield made
    made.close()


def test_a_county_of_five_thousand_devices(ground: Ground) -> None:
    devices = ground.devices
    wait_until(lambda: devices.figure("connected") == DEVICES, 120, "all devices connected")
    steady = ground.pass_time("steady", 120)
    devices.tell("reconnect 60")
    ground.pass_time("reconnect", 90)
    warm = ground.pass_time("surge", 60, rate=10)
    surge = ground.pass_time("surge", 240, rate=10)
    after = ground.pass_time("after", 90)
    devices.tell("stop")
    wait_until(lambda: bool(devices.now["done"]), 300, "empty outboxes")
    held = {"steady": steady, "warm": warm, "surge": surge, "after": after}
    megabytes = {name: round(most / 1e6) for name, most in held.items()}
    print(f"\nlags {json.dumps(devices.now['lags'])}\nmemory {json.dumps(megabytes)} MB")
    minted = devices.figure("minted")
    assert ground.ask("SELECT count(*) FROM inbox") == minted
    assert ground.ask("SELECT count(*) FROM (SELECT DISTINCT epoch, sequence FROM inbox)") == minted
    assert ground.ask("SELECT count(*) FROM incidents WHERE type = 'device_offline'") == 0
    assert after <= FLAT * warm
