"""What counting costs the flow: the processor time of a batch's figures against the batch's own.

Both in the same run and thread, of the same batches, by the thread's own processor time: another
load on the machine moves both alike.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub_server.ingest.decode import decode
from hub_server.ingest.types import EventMessage, Message, Received
from hub_server.metrics.meter import Meter
from hub_server.metrics.table import STAGES
from hub_server.pipeline.measuring import Laps, Measures
from tests.bench.conftest import Record
from tests.bench.ingest_mix import fill_ledger, traffic
from tests.support.hub import COUNTY, HubClock, make_parts, make_pipeline

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]
BATCHES = 40
REPEATS = 20


def _count(measures: Measures, batch: list[Message], meter: Meter) -> None:
    """All that a batch without alerts leaves in the figures."""
    laps = Laps()
    for stage in STAGES[1:]:
        laps.end(stage)
    measures.batch(batch, laps)
    measures.kept([one for one in batch if isinstance(one, EventMessage)], datetime.now(UTC))
    meter.histogram("linli_ledger_write_wait_seconds").add(0.001)
    meter.histogram("linli_ingest_batch_seconds", "decode").add(0.001)


@pytest.mark.parametrize("size", [20, 200])
def test_what_counting_costs(tmp_path: Path, record: Record, size: int) -> None:
    ledger, meter = fill_ledger(tmp_path / "ledger.sqlite"), Meter()
    pipeline = make_pipeline(ledger, HubClock(datetime.now(UTC)), make_parts())
    measures, ours, reference = Measures(meter), 0.0, 0.0
    sent = [Received(*one, datetime.now(UTC)) for one in traffic(BATCHES * size, "e1")]
    for start in range(0, len(sent), size):
        began = time.thread_time()
        batch = [decode(one, COUNTY) for one in sent[start : start + size]]
        pipeline.run(batch)
        ran = time.thread_time()
        for _ in range(REPEATS):
            _count(measures, batch, meter)
        ours += (time.thread_time() - ran) / REPEATS
        reference += ran - began
    ledger.close()
    record(
        f"metrics, batches of {size}",
        ours=1000 * ours,
        reference=1000 * reference,
        goal="<= 0.02",
        unit="CPU ms",
    )
