"""What comes in over QoS 1: decoded, validated, committed, judged and acknowledged.

Everything shares the machine's cores: the publisher, the broker and what is measured. The runs
alternate, so that both see the same machine, and each figure is the median. Each side has a broker
of its own: one that also queues for a hub that is away would be a slower one for the reference.
No run begins before the time series of the last one are written.

* against a bare gmqtt subscriber that acknowledges the same messages and does nothing else,
* against Node-RED with a SQLite insert and commit a message (skipped by name without npm),
* from the publish to the incident of an ``at_once`` rule, at half the own maximum.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from tests.bench.conftest import Record
from tests.bench.ingest_mix import fill_ledger, traffic
from tests.bench.node_red import missing, node_red
from tests.support.hub_process import HubProcess
from tests.support.mosquitto import Mosquitto, installed

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed"),
]
MESSAGES = 18_000
"""Ninety of each device: three observations from start to end."""
RUNS = 3
EVEN_S = 60.0
"""How long the time series may take to catch up."""
WINDOW = 500
"""Messages the publisher has without PUBACK: enough to keep the broker busy."""
BROKER = "max_queued_messages 0\nmax_inflight_messages 2000\nset_tcp_nodelay true\n"
"""As deploy/mosquitto has it, but for a queue without bound: what is measured is the reader,
not what a broker drops."""


@pytest.fixture
def busy_broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker", settings=BROKER) as broker:
        yield broker


def _script(name: str, *arguments: object) -> "subprocess.Popen[str]":
    script = Path(__file__).with_name(name)
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


@dataclass(frozen=True)
class Told:
    """What the publisher saw."""

    seconds: float
    """Until everything was acknowledged."""
    took: list[float]
    """Of each start of an observation, from its publish to its acknowledgement."""

    @property
    def p99(self) -> float:
        return sorted(self.took)[int(len(self.took) * 0.99)]


def load(
    folder: Path, port: int, epoch: str, total: int = MESSAGES, rate: float = 0.0, how: str = "ack"
) -> Told:
    """Publish, and wait until all is acknowledged (or came back: ``echo``)."""
    file = folder / "messages.json"
    messages = [(topic, payload.decode()) for topic, payload in traffic(total, epoch)]
    file.write_bytes(msgspec.json.encode(messages))
    with _script("mqtt_load.py", port, file, WINDOW, rate, how) as publisher:
        _ready(publisher)
        said, _ = publisher.communicate("go\n", timeout=150)
    told = json.loads(said)
    assert told["covered"] == total
    return Told(told["covered_s"], told["took"])


@contextmanager
def hub(folder: Path, port: int) -> Iterator[HubProcess]:
    """The hub as it ships, with 200 enrolled devices."""
    folder.mkdir()
    fill_ledger(folder / "ledger.sqlite").close()
    with HubProcess(folder, port, ingest={"client_id": folder.name}) as process:
        process.wait_for("broker connected")
        yield process


def figures(process: HubProcess) -> Counter[str]:
    """Every figure without buckets, by name and its one label."""
    text = httpx.get(f"http://127.0.0.1:{process.port}/metrics", timeout=30).text
    samples = [sample for family in families(text) for sample in family.samples]
    return Counter(
        {
            " ".join((one.name, *one.labels.values())): one.value
            for one in samples
            if not one.name.endswith("_bucket")
        }
    )


def until_even(process: HubProcess) -> Counter[str]:
    """Wait until the time series are written; the figures then."""
    time.sleep(2)  # for a writer that looks once a second
    end = time.monotonic() + EVEN_S
    while (found := figures(process))["linli_series_lag_rows sqlite"] > 0:
        assert time.monotonic() < end, "the time series were never written"
        time.sleep(0.2)
    return found


def bare(folder: Path, port: int, epoch: str) -> Told:
    with _script("bare_subscriber.py", port, MESSAGES) as subscriber:
        _ready(subscriber)
        return load(folder, port, epoch)


def _commit_p99(file: Path) -> float:
    """Of 300 durable commits of one row, as the ledger makes them."""
    took = []
    with sqlite3.connect(file, isolation_level=None) as database:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("CREATE TABLE rows (body BLOB)")
        for _ in range(300):
            start = time.perf_counter()
            database.execute("INSERT INTO rows VALUES (zeroblob(1000))")
            took.append(time.perf_counter() - start)
    return sorted(took)[297]


@pytest.mark.timeout(600)
def test_ingest_against_a_bare_subscriber(
    tmp_path: Path, busy_broker: Mosquitto, record: Record
) -> None:
    ours, reference, port = [], [], busy_broker.port
    with (
        Mosquitto(tmp_path / "other-broker", settings=BROKER) as other,
        hub(tmp_path / "hub", port) as process,
    ):
        load(tmp_path, port, "warm", 2000)
        bare(tmp_path, other.port, "warm")
        for run in range(RUNS):
            until_even(process)
            ours.append(MESSAGES / load(tmp_path, port, f"e{run}").seconds)
            until_even(process)
            reference.append(MESSAGES / bare(tmp_path, other.port, f"b{run}").seconds)
    record(
        "ingest / bare gmqtt", ours=median(ours), reference=median(reference), goal=">= 0.4",
        unit="messages/s",
    )  # fmt: skip


@pytest.mark.timeout(900)
def test_ingest_against_node_red(tmp_path: Path, busy_broker: Mosquitto, record: Record) -> None:
    if why := missing():
        pytest.skip(why)
    port, count = busy_broker.port, MESSAGES // 3
    ours, reference = [], []
    with (
        Mosquitto(tmp_path / "other-broker", settings=BROKER) as other,
        hub(tmp_path / "hub", port) as process,
        node_red(tmp_path / "node-red", other.port),
    ):
        load(tmp_path, port, "warm", 2000)
        load(tmp_path, other.port, "warm", 200)
        for run in range(RUNS):
            until_even(process)
            ours.append(count / load(tmp_path, port, f"e{run}", count).seconds)
            until_even(process)
            reference.append(count / load(tmp_path, other.port, f"n{run}", count).seconds)
    record(
        "ingest / Node-RED", ours=median(ours), reference=median(reference), goal=">= 2.5",
        unit="messages/s",
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_ingest_to_the_incident_at_half_the_maximum(
    tmp_path: Path, busy_broker: Mosquitto, record: Record
) -> None:
    """An acknowledgement follows the commit that holds the incident: it is the later of the two."""
    port = busy_broker.port
    with (
        Mosquitto(tmp_path / "other-broker", settings=BROKER) as other,
        hub(tmp_path / "hub", port) as process,
    ):
        load(tmp_path, port, "warm", 2000)
        rate = MESSAGES / load(tmp_path, port, "max").seconds / 2
        until_even(process)
        ours = load(tmp_path, port, "half", MESSAGES, rate).p99
        until_even(process)
        broker = load(tmp_path, other.port, "echo", MESSAGES, rate, "echo").p99
    commit = _commit_p99(tmp_path / "commit.sqlite")
    record(
        "ingest publish to incident p99", ours=ours * 1000, reference=(broker + commit) * 1000,
        goal="<= 5", unit="ms",
    )  # fmt: skip
