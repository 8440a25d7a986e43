"""kill -9 of the hub again and again, under load on a real broker: nothing lost or doubled."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.county import wait_until
from tests.support.hub_process import HubProcess
from tests.support.many_devices import ManyDevices, enrol
from tests.support.mosquitto import Mosquitto, installed

pytestmark = pytest.mark.skipif(
    not installed(), reason="mosquitto is not installed (apt: mosquitto)"
)
DEVICES = 40
RATE = 35
"""Some 100 messages a second."""
# A hub that tells broker and device that it has a message as soon as it is in its memory.
CONTROL = """
import asyncio, sys
from pathlib import Path
from hub_server.commands.run import run
from hub_server.ingest import batcher
from hub_server.ingest.decode import decode
from hub_server.ingest.types import EventMessage
from hub_server.pipeline.work import Receipts

submit = batcher.Batcher.submit

async def boast(self, received):
    message = decode(received, "330899")
    if isinstance(message, EventMessage):
        receipts = Receipts()
        receipts.add(message.topic.device, message.envelope.epoch, message.sequence)
        self._tell_kept(receipts)
    asyncio.ensure_future(submit(self, received))
    return True

batcher.Batcher.submit = boast
run(Path(sys.argv[1]))
"""


class Boaster(HubProcess):
    """The control: acknowledges before it commits."""

    def start(self) -> "Boaster":
        script = self.folder / "control.py"
        script.write_text(CONTROL)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, script, self.config], stdout=log, stderr=log
            )
        return self


class Storm:
    """A broker, a hub that is killed, and forty devices."""

    def __init__(self, folder: Path, hub: Callable[..., HubProcess] = HubProcess) -> None:
        self.broker = Mosquitto(folder / "broker", persistence=True).start()
        self.ledger = folder / "ledger.sqlite"
        enrol(f"sqlite:///{self.ledger}", DEVICES)
        # a wait that makes batches large, so that a kill finds some in memory
        self.hub = hub(folder, self.broker.port, ingest={"batch": {"max_wait": "300ms"}})
        self.devices = ManyDevices(self.broker.port, DEVICES, resend_s=5)

    def rage(self, kills: int) -> None:
        """Kill and start the hub ``kills`` times, then let everything arrive."""
        chance = random.Random(kills)  # the same kills every time, as far as machines allow
        self.hub.start()
        self.devices.tell(f"rate {RATE}")
        self.hub.wait_for("hub runs")
        wait_until(lambda: self._rows() > 100, 60, "first events")
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 4.0))
            self.hub.kill9()
            time.sleep(chance.uniform(0.0, 0.6))
            self.hub.start()
        self.devices.tell("stop")
        wait_until(lambda: bool(self.devices.now["done"]), 120, "empty outboxes")
        self.hub.terminate()

    def ask(self, question: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True) as db:
            return db.execute(question).fetchall()

    def lost(self) -> int:
        """How many messages the ledger does not have."""
        return self.devices.figure("minted") - self._rows()

    def close(self) -> None:
        self.devices.close()
        if self.hub.process:
            self.hub.process.kill()
            self.hub.process.wait()
        self.broker.stop()

    def _rows(self) -> int:
        [(count,)] = self.ask("SELECT count(*) FROM (SELECT DISTINCT epoch, sequence FROM inbox)")
        assert isinstance(count, int)
        return count


@pytest.fixture
def made() -> Iterator[list[Storm]]:
    storms: list[Storm] = []
    yield storms
    for storm in storms:
        storm.close()


def assert_nothing_lost_nothing_doubled(storm: Storm) -> None:
    assert storm.lost() == 0
    twice = "SELECT epoch, sequence FROM inbox GROUP BY epoch, sequence HAVING count(*) > 1"
    assert storm.ask(twice) == []
    # nobody closes a case here, so each device's one zone has exactly one
    zones = "SELECT count(DISTINCT device) FROM observations"
    assert storm.ask("SELECT count(*) FROM incidents") == storm.ask(zones)
    assert storm.ask("SELECT group_key FROM incidents GROUP BY group_key HAVING count(*) > 1") == []
    starts = "SELECT count(DISTINCT id) FROM observations"
    assert storm.ask("SELECT count(*) FROM alerts") == storm.ask(starts)
    assert storm.ask("SELECT sum(alert_count) FROM incidents") == storm.ask(starts)


INTRUSION = "linli.event.intrusion"
START = 'instr(payload, CAST(\'"phase": "start"\' AS BLOB)) > 0'


@pytest.mark.timeout(300)
def test_a_hub_killed_for_two_minutes_loses_and_doubles_nothing(
    made: list[Storm], tmp_path: Path
) -> None:
    made.append(Storm(tmp_path))
    made[0].rage(kills=20)
    assert_nothing_lost_nothing_doubled(made[0])


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_hub_killed_fifty_times_loses_and_doubles_nothing(
    made: list[Storm], tmp_path: Path
) -> None:
    made.append(Storm(tmp_path))
    made[0].rage(kills=50)
    assert_nothing_lost_nothing_doubled(made[0])


@pytest.mark.timeout(300)
def test_a_control_that_acknowledges_before_it_commits_loses_some(
    made: list[Storm], tmp_path: Path
) -> None:
    """The tests above would see a loss."""
    made.append(Storm(tmp_path, Boaster))
    made[0].rage(kills=6)
    assert made[0].lost() > 0
