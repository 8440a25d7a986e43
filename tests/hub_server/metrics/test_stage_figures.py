"""What a batch, a tick, a write and a delivery leave in the figures."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.registry import Collector
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from hub_server.ingest.types import Received
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import devices, outbound, pictures, silences
from hub_server.metrics import threads
from hub_server.metrics.histogram import Histogram
from hub_server.metrics.ledger import LedgerFigures
from hub_server.metrics.meter import Meter
from hub_server.metrics.table import STAGES
from hub_server.metrics.threads import thread_seconds
from hub_server.outbound.changes import Changes
from hub_server.outbound.drain import Drain, Message, Target
from hub_server.outbound.errors import Refused, RetryLater
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_parts, make_pipeline

Values = dict[tuple[str, ...], float]


def values(of: Collector) -> Values:
    """Samples by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in of.collect()
        for sample in metric.samples
    }


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = make_ledger(tmp_path, "pi-0001", "pi-0002")
    yield made
    made.close()


def test_the_bounds_of_a_histogram_are_its_own_values_included() -> None:
    histogram = Histogram((1.0, 2.0))
    histogram.add(1.0)
    histogram.add_all([1.5, 2.0, 9.0])
    assert histogram.cumulated() == [("1.0", 1), ("2.0", 3), ("+Inf", 4)]
    assert histogram.sum == 13.5


def test_a_batch_leaves_its_kinds_stages_and_lags(ledger: Ledger) -> None:
    clock, device, meter = HubClock(), Device(), Meter()
    pipeline = make_pipeline(ledger, clock, replace(make_parts(), meter=meter))
    seen = device.observation(NOW - timedelta(seconds=3))
    broken = Received("linli/v1/330899/pi-0001/reading", b"{", NOW)
    clock.forward(0.2)
    pipeline.run(decoded(seen, device.health(NOW), broken))
    found = values(meter)
    kinds = {"observation": 1, "health": 1, "refused": 1, "reading": 0}
    assert {k: found["linli_ingest_messages_total", k] for k in kinds} == kinds
    assert found["linli_ingest_batch_messages_count",] == 1
    assert found["linli_ingest_batch_messages_sum",] == 3
    for stage in set(STAGES) - {"decode"}:
        assert found["linli_ingest_batch_seconds_count", stage] == 1, stage
    assert found["linli_ingest_arrival_lag_seconds_count",] == 2
    capture = "linli_ingest_capture_lag_seconds_bucket"
    assert found[capture, "1.0"] == 1
    assert found[capture, "5.0"] == 2
    assert [n for name, n in found.items() if name[0] == "linli_alerts_fired_total"] == [1]


def test_a_batch_that_was_not_committed_leaves_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter()
    pipeline = make_pipeline(ledger, HubClock(), replace(make_parts(), meter=meter))

    def busy(*_: object) -> None:
        raise OperationalError("commit", {}, Exception("disk full"))

    monkeypatch.setattr(pipeline._standing, "close", busy)
    with pytest.raises(OperationalError):
        pipeline.run(decoded(Device().observation(NOW)))
    found = values(meter)
    assert found["linli_ingest_messages_total", "observation"] == 0
    assert ("linli_ingest_batch_seconds_count", "commit") not in found


def test_one_write_waits_for_another(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    before = values(ledger.meter)
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with ledger.write():
            inside.set()
            go_on.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(10)
    threading.Timer(0.12, go_on.set).start()
    with ledger.write():
        pass
    holder.join()
    after, name = values(ledger.meter), "linli_ledger_write_wait_seconds"
    assert after[f"{name}_count",] == before[f"{name}_count",] + 2
    assert after[f"{name}_sum",] > before[f"{name}_sum",] + 0.1
    assert after["linli_ledger_busy_total",] == 0
    ledger.close()


@pytest.mark.parametrize(
    ("outcome", "result"),
    [(None, "delivered"), (RetryLater("x"), "failed"), (Refused("x"), "refused")],
)
def test_a_delivery_is_counted_by_its_result(
    ledger: Ledger, outcome: Exception | None, result: str
) -> None:
    def deliver(message: Message) -> str:
        if outcome:
            raise outcome
        return message.key

    with ledger.write() as conn:
        conn.execute(insert(outbound).values(**_row("county", 1)))
    meter = Meter()
    Drain(ledger, Target("county", deliver), Changes(), lambda: NOW, meter).run_once()
    found = values(meter)
    assert found["linli_outbound_attempts_total", "county", result] == 1
    assert found["linli_outbound_delivery_seconds_count", "county"] == 1


def test_what_the_tables_hold(ledger: Ledger) -> None:
    window = {"begins_at": NOW, "ends_at": NOW + timedelta(hours=1), "created_at": NOW}
    with ledger.write() as conn:
        conn.execute(update(devices).where(devices.c.device == "pi-0001").values(state="online"))
        conn.execute(insert(outbound).values(**_row("county", 1)))
        conn.execute(insert(outbound).values(**_row("county", 2) | {"failed_at": NOW}))
        conn.execute(
            insert(pictures).values(sha256="a", size=70, device="pi-0001", received_at=NOW)
        )
        conn.execute(
            insert(silences).values(
                id="m",
                kind="maintenance",
                matcher={"device": "pi-0002"},
                author="li",
                reason="x",
                **window,
            )
        )
    clock = HubClock(NOW + timedelta(seconds=30))
    figures = LedgerFigures(ledger, clock)
    found = values(figures)
    assert found["linli_devices_enrolled",] == 2
    assert found["linli_devices", "online"] == found["linli_devices_maintenance",] == 1
    assert found["linli_outbound", "county", "waiting"] == 1
    assert found["linli_outbound", "county", "failed"] == 1
    assert found["linli_outbound_oldest_seconds", "county"] == 30
    assert found["linli_pictures_bytes",] == 70
    assert found["linli_ledger_bytes",] > 10_000
    assert found["linli_received_total",] == 0
    with ledger.write() as conn:
        conn.execute(
            insert(pictures).values(sha256="b", size=30, device="pi-0001", received_at=NOW)
        )
    assert values(figures)["linli_pictures",] == 1  # of this minute
    clock.forward(61)
    assert values(figures)["linli_pictures",] == 2


def _row(target: str, n: int) -> dict[str, object]:
    times = {"created_at": NOW, "next_at": NOW}
    return {"target": target, "incident": f"i{n}", "key": f"k{n}", "payload": {}, **times}


def test_each_thread_has_its_processor_time_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    done, hold = threading.Event(), threading.Event()

    def work() -> None:
        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass
        done.set()
        hold.wait(10)

    busy = threading.Thread(target=work, name="busy_3", daemon=True)
    busy.start()
    assert done.wait(10)
    spent = thread_seconds()
    assert 0.03 <= spent["busy"] <= 0.2
    assert {"loop", "other"} <= set(spent)
    hold.set()
    busy.join()
    after = thread_seconds()
    assert "busy" not in after
    assert after["other"] >= spent["other"] + 0.03  # it is not forgotten
    monkeypatch.setattr(threads, "TASKS", Path("/proc/none"))
    assert not thread_seconds()
