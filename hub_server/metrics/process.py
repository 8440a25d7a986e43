"""Figures of this process that are read when they are asked for."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Metric, ProcessCollector
from prometheus_client.registry import Collector

from hub_server.ingest.kafka_share import Partitions
from hub_server.ingest.runner import Ingest
from hub_server.metrics.exposed import counter, gauge
from hub_server.metrics.meter import Meter
from hub_server.metrics.threads import thread_seconds
from hub_server.outbound.part import OutboundPart
from hub_server.rule_sets.keeper import Keeper


@dataclass(frozen=True)
class ProcessFigures(Collector):
    """What runs here; each part shows only what it has."""

    meter: Meter
    rules: Keeper
    ingest: Ingest | None
    outbound: OutboundPart
    data_dir: Path

    def collect(self) -> Iterator[Metric]:
        """Read now."""
        yield from self.meter.collect()
        if self.ingest is not None:
            yield from plain(self.rules.gauges())
            yield from _ingest(self.ingest)
        yield from self.outbound.collect()
        yield from _machine(self.data_dir)


def plain(gauges: Mapping[str, float]) -> Iterator[Metric]:
    """Gauges without labels, by name without ``linli_``."""
    for name, value in gauges.items():
        yield gauge(f"linli_{name}", [((), value)])


def _ingest(ingest: Ingest) -> Iterator[Metric]:
    yield counter("linli_ingest_refused_total", [((), ingest.batcher.dropped)])
    waits, due = ingest.flow.timers
    yield from plain(
        {
            "ingest_waiting": ingest.batcher.waiting,
            "ingest_connected": float(ingest.source.connected_since is not None),
            "rule_timers": waits,
            "rule_timers_due": due,
        }
    )
    if isinstance(ingest.flow, Partitions):
        yield from _kafka(ingest.flow)


def _kafka(held: Partitions) -> Iterator[Metric]:
    epochs = held.epochs
    yield gauge("linli_kafka_partitions", [((), len(epochs))])
    yield gauge("linli_kafka_epoch", [((str(n),), epoch) for n, epoch in epochs.items()])
    lags = {n: lag for n, lag in held.lags.items() if n in epochs}
    yield gauge("linli_kafka_lag_messages", [((str(n),), lag) for n, lag in lags.items()])


def _machine(data_dir: Path) -> Iterator[Metric]:
    yield from ProcessCollector(registry=None).collect()
    spent = thread_seconds()
    yield counter("linli_process_thread_seconds_total", [((name,), n) for name, n in spent.items()])
    disk = shutil.disk_usage(data_dir)
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    yield from plain(
        {"disk_bytes": disk.total, "disk_free_bytes": disk.free, "process_threads": threads}
    )
