"""Where the time of the hub's process goes while it takes in all it can, thread by thread.

The load of the ingest measurements on a real broker. It prints microseconds of processor time a
message of each thread and of the broker, which other programs on the machine change little; how
long the messages waited and came in batches of; and what the time series
still had to write when the last message was acknowledged.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.test_bench_ingest import BROKER, MESSAGES, bare, figures, hub, load, until_even
from tests.support.mosquitto import Mosquitto, installed

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed"),
]


def processor_s(pid: int) -> float:
    """Processor time of a process, of the user and the system."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def _told(what: str, seconds: float) -> None:
    print(f"{what:28} {seconds / MESSAGES * 1e6:8.1f} µs CPU a message")


def _threads(spent: Counter[str]) -> None:
    name = "linli_process_thread_seconds_total "
    for key, seconds in sorted(spent.items()):
        if key.startswith(name) and seconds > 0:
            _told(key.removeprefix(name), seconds)


@pytest.mark.timeout(300)
def test_where_the_time_of_the_process_goes(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker", settings=BROKER) as broker:
        with hub(tmp_path / "hub", broker.port) as process:
            load(tmp_path, broker.port, "warm", 2000)
            before, broker_s = until_even(process), processor_s(broker.pid)
            told = load(tmp_path, broker.port, "e")
            after, broker_s = figures(process), processor_s(broker.pid) - broker_s
            even = until_even(process)
        print(f"\n{'hub':28} {MESSAGES / told.seconds:8.0f} messages/s")
        _threads(after - before)
        _told("broker", broker_s)
        batches = after - before
        size = "linli_ingest_batch_messages"
        print(f"{'batch':28} {batches[size + '_sum'] / batches[size + '_count']:8.1f} messages")
        for key, seconds in sorted(batches.items()):
            if key.startswith("linli_ingest_batch_seconds_sum"):
                _told(f"wall clock of {key.split()[1]}", seconds)
        print(f"{'series behind':28} {after['linli_series_lag_rows sqlite']:8.0f} rows")
        print("until the series is even:")
        _threads(even - after)
    with Mosquitto(tmp_path / "other-broker", settings=BROKER) as other:
        reference = bare(tmp_path, other.port, "b")
    print(f"{'bare subscriber':28} {MESSAGES / reference.seconds:8.0f} messages/s")
