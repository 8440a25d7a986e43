"""Where the time of the ingest goes.

The traffic of the ingest measurements, decoded and put through the pipeline of one thread on a
ledger in a file, with durable commits; no broker. It prints microseconds of processor time per
message of each stage, which other programs on the machine change little, and the wall clock of
all. ``LINLI_PROFILE=file`` writes what ``cProfile`` saw to that file.
"""

import cProfile
import os
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from hub_server.alerting.book import Draft
from hub_server.ingest.acks import acks
from hub_server.ingest.decode import decode
from hub_server.ingest.types import Received
from hub_server.pipeline import journey, keep, sequences
from hub_server.pipeline.flow import Pipeline
from tests.bench.ingest_mix import fill_ledger, traffic
from tests.support.hub import COUNTY, make_parts

pytestmark = pytest.mark.bench
T = TypeVar("T")
TOTAL, BATCH = 18_000, 500
STAGES = (
    (journey, "keep"),
    (keep.inbox, "store"),
    (keep.observations, "note"),
    (journey, "evaluate"),
    (journey, "open_incidents"),
    (journey, "add_points"),
    (sequences, "note"),
    (Draft, "save"),
)


class Watch:
    """Processor time by stage; a stage inside another counts for both."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()

    def timed(self, name: str, work: Callable[..., T]) -> Callable[..., T]:
        """``work``, watched."""

        def run(*args: object, **named: object) -> T:
            start = time.process_time()
            try:
                return work(*args, **named)
            finally:
                self.spent[name] += time.process_time() - start

        return run

    def wrap(self, patch: pytest.MonkeyPatch) -> None:
        """Watch the stages."""
        for place, name in STAGES:
            label = f"{getattr(place, '__name__', place)}.{name}".removeprefix("hub_server.")
            patch.setattr(place, name, self.timed(label, getattr(place, name)))


def take(pipeline: Pipeline, watch: Watch, batch: list[Received]) -> None:
    """What the hub does with a batch, less the broker."""
    messages = watch.timed("decode", lambda: [decode(one, COUNTY) for one in batch])()
    receipts, _ = watch.timed("Pipeline.run", pipeline.run)(messages)
    watch.timed("acks", acks)(COUNTY, receipts)


def batches(total: int, epoch: str) -> list[list[Received]]:
    """The traffic, as it would come."""
    came = [Received(*one, datetime.now(UTC)) for one in traffic(total, epoch)]
    return [came[at : at + BATCH] for at in range(0, total, BATCH)]


@pytest.mark.timeout(300)
def test_where_the_time_of_the_ingest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, file = fill_ledger(tmp_path / "ledger.sqlite"), os.environ.get("LINLI_PROFILE")
    watch, profile = Watch(), cProfile.Profile()
    pipeline = Pipeline(ledger, make_parts(("console",)), lambda: datetime.now(UTC))
    for batch in batches(2000, "warm"):
        take(pipeline, watch, batch)
    work = batches(TOTAL, "e")
    if not file:
        watch.wrap(monkeypatch)
    watch.spent.clear()
    start = time.perf_counter()
    if file:
        profile.enable()
    for batch in work:
        take(pipeline, watch, batch)
    wall = time.perf_counter() - start
    if file:
        profile.disable()
        profile.dump_stats(file)
    print()
    for name, seconds in watch.spent.items():
        print(f"{name:28} {seconds / TOTAL * 1e6:8.1f} µs CPU a message")
    print(f"{'wall clock':28} {wall / TOTAL * 1e6:8.1f} µs, {TOTAL / wall:.0f} messages/s")
    ledger.close()
