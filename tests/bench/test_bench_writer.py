"""What the series writer costs: it shares the interpreter with the ingest.

The traffic of the ingest measurements is put through the pipeline; then the writer moves its
points out of the ledger (a file, with durable commits) into each store. It prints microseconds of
processor time per message, of this process alone: what an InfluxDB server takes is not in it.
"""

import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub_server.ingest.decode import decode
from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.outbound.changes import Changes
from hub_server.pipeline.flow import Pipeline
from hub_server.stores.cursors import begin
from hub_server.stores.influx import InfluxStore
from hub_server.stores.influx_init import prepare_influx2
from hub_server.stores.sqlite import SqliteStore
from hub_server.stores.store import Store
from hub_server.stores.writer import SeriesWriter
from tests.bench.ingest_mix import fill_ledger, traffic
from tests.support import influx as influxes
from tests.support.hub import COUNTY, make_parts

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
TOTAL, TOGETHER = 18_000, 500


def drain(ledger: Ledger, store: Store, epoch: str) -> None:
    """Make the points of ``TOTAL`` messages, write them, and say what the writing cost."""
    pipeline = Pipeline(ledger, make_parts(("console",)), lambda: datetime.now(UTC))
    with ledger.write() as conn:
        begin(conn, store.name)
    writer = SeriesWriter(ledger, store, Changes())
    came = [Received(*one, datetime.now(UTC)) for one in traffic(TOTAL, epoch)]
    for at in range(0, TOTAL, TOGETHER):
        pipeline.run([decode(one, COUNTY) for one in came[at : at + TOGETHER]])
    start, wall = time.process_time(), time.perf_counter()
    while writer.run_once():
        pass
    spent, took = time.process_time() - start, time.perf_counter() - wall
    print(
        f"\n{store.name:10} {spent / TOTAL * 1e6:6.1f} µs CPU a message,"
        f" {writer.figures.points / TOTAL:.1f} points each, {TOTAL / took:.0f} messages/s"
    )


def test_what_the_series_writer_costs(tmp_path: Path) -> None:
    ledger = fill_ledger(tmp_path / "ledger.sqlite")
    with closing(SqliteStore(tmp_path / "series.sqlite")) as store:
        drain(ledger, store, "sqlite")
    ledger.close()


def test_what_the_series_writer_costs_with_influxdb(tmp_path: Path) -> None:
    if not influxes.installed():
        pytest.skip(influxes.MISSING)
    (tmp_path / "influx").mkdir()
    ledger = fill_ledger(tmp_path / "ledger.sqlite")
    with influxes.running(tmp_path / "influx") as server:
        wanted = server.settings().model_copy(update={"timeout": 60.0})
        list(prepare_influx2(wanted, server.token, server.token))
        with closing(InfluxStore(wanted, server.token)) as store:
            drain(ledger, store, "influx")
    ledger.close()
