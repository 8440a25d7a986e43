"""How fast a full outbox drains, against a bare QoS 1 publisher of the same messages.

Both on the same Mosquitto with the same subscriber; ours reads each row from the disk, writes its
PUBACK down and deletes it when the hub's acknowledgement comes. The runs alternate.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.outbox import Lane, Outbox
from tests.bench.conftest import Record
from tests.edge_agent.outbox.outbox_kit import draft
from tests.edge_agent.publisher.publisher_kit import NOW, eventually, open_edge
from tests.support.mosquitto import Mosquitto, installed

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed"),
]
ROWS = 5000
RUNS = 5
TEXT = "x" * 400
"""Makes a message about as long as an observation with its boxes."""


@contextmanager
def _hub(port: int) -> Iterator[None]:
    script = Path(__file__).with_name("acking_hub.py")
    with subprocess.Popen([sys.executable, str(script), str(port)], stdout=subprocess.PIPE) as hub:
        assert hub.stdout is not None
        assert hub.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            hub.kill()


def _fill(outbox: Outbox) -> list[tuple[str, bytes]]:
    moment = NOW()
    outbox.append_all((draft(Lane.EVENTS, TEXT, at=moment), moment) for _ in range(ROWS))
    rows = outbox.take(moment.mono, ROWS)
    outbox.reset()
    return [(row.topic, row.body) for row in rows]


def _ours(folder: Path, port: int) -> tuple[float, list[tuple[str, bytes]]]:
    """Messages a second from the connecting to the last confirmed row, and the messages."""
    outbox, publisher, _ = open_edge(folder, port)
    messages = _fill(outbox)
    start = time.monotonic()
    publisher.start()
    eventually(lambda: publisher.counters.confirmed == ROWS, "every row confirmed", 120)
    seconds = time.monotonic() - start
    publisher.stop()
    return ROWS / seconds, messages


def _bare(port: int, messages: list[tuple[str, bytes]]) -> float:
    """Messages a second from the connecting to the last PUBACK."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bare", protocol=mqtt.MQTTv5)
    client.max_queued_messages_set(0)
    start = time.monotonic()
    client.connect("127.0.0.1", port)
    client.loop_start()
    eventually(client.is_connected, "a connection")
    sent = [client.publish(topic, body, qos=1) for topic, body in messages]
    for one in sent:
        one.wait_for_publish(60)
    seconds = time.monotonic() - start
    client.disconnect()
    client.loop_stop()
    return len(messages) / seconds


@pytest.mark.timeout(300)
def test_drain(tmp_path: Path, broker: Mosquitto, record: Record) -> None:
    ours, reference = [], []
    with _hub(broker.port):
        for run in range(RUNS):
            rate, messages = _ours(tmp_path / str(run), broker.port)
            ours.append(rate)
            reference.append(_bare(broker.port, messages))
    record(
        "outbox drain", ours=median(ours), reference=median(reference), goal=">= 0.8",
        unit="messages/s",
    )  # fmt: skip
