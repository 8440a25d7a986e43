"""Twice as much as the hub can take: its memory stays, and everything arrives in the end."""

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

DEVICES = 200
PER_DEVICE = 1 / 30 + 1 / 60 + 2 * 2 * 20 / 3600
"""Messages a second at rate 1, as simulated_county.py makes them."""
BROKER = "max_queued_messages 100000\nmax_inflight_messages 2000"
MORE = 5000
"""A second: more than one process takes on two cores that it shares with broker and devices."""
MOST = 1.2
"""Times the memory it holds at half of what it can take."""
pytestmark = [
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed (apt: mosquitto)"),
]


class Crowded:
    """A broker with the bounds of deploy/mosquitto, a hub, and devices with a lot to say."""

    def __init__(self, folder: Path) -> None:
        self.ledger = folder / "ledger.sqlite"
        enrol(f"sqlite:///{self.ledger}", DEVICES)
        self.broker = Mosquitto(folder / "broker", settings=BROKER).start()
        self.hub = HubProcess(folder, self.broker.port).start()
        self.hub.wait_for("hub runs")
        self.devices = ManyDevices(self.broker.port, DEVICES, resend_s=60)
        wait_until(lambda: self.devices.figure("connected") == DEVICES, 60, "all connected")

    def own_maximum(self) -> float:
        """Messages a second, from the first of a burst until it has taken all."""
        before, start = self.rows(), time.monotonic()
        self.devices.tell(f"rate {MORE / (DEVICES * PER_DEVICE)}")
        time.sleep(4)
        self.drained()
        return (self.rows() - before) / (time.monotonic() - start)

    def offer(self, per_second: float, seconds: float) -> float:
        """The most memory the hub held while so much was offered."""
        self.devices.tell(f"rate {per_second / (DEVICES * PER_DEVICE)}")
        end, most = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            time.sleep(0.2)
            most = max(most, self.memory())
        return most

    def drained(self) -> None:
        self.devices.tell("rate 0")
        wait_until(lambda: self.devices.figure("left") == 0, 240, "empty outboxes")

    def memory(self) -> float:
        assert self.hub.process
        return float(psutil.Process(self.hub.process.pid).memory_info().rss)

    def rows(self) -> int:
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM inbox").fetchone()[0])

    def close(self) -> None:
        self.devices.close()
        self.hub.terminate()
        self.broker.stop()


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Crowded]:
    made = Crowded(tmp_path)
    yield made
    made.close()


def overload(crowded: Crowded, seconds: float) -> None:
    own = crowded.own_maximum()
    half = crowded.offer(own / 2, min(seconds, 20))
    twice = crowded.offer(own * 2, seconds)
    behind = crowded.devices.figure("left")
    crowded.drained()
    print(f"\nmaximum {own:.0f}/s, {behind} behind; {half / 1e6:.0f} MB, {twice / 1e6:.0f} MB")
    assert behind > own, "that was no overload"
    assert crowded.rows() == crowded.devices.figure("minted")
    assert twice <= MOST * half


@pytest.mark.timeout(300)
def test_ten_seconds_of_twice_as_much(crowded: Crowded) -> None:
    overload(crowded, 10)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_minute_of_twice_as_much(crowded: Crowded) -> None:
    overload(crowded, 60)
