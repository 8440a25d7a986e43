"""Figures of a series writer, as a Prometheus collector: register it where ``/metrics`` is made.

``registry.register(WriterCollector(writers_figures))``; every family has the label ``store``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BUCKETS_ROWS = (1.0, 10.0, 100.0, 500.0, 1000.0, 2500.0, 5000.0)


class Histogram:
    """Counts by upper bound; the last one is of everything."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = (*bounds, float("inf"))
        self._counts = [0] * len(self._bounds)
        self.sum = 0.0

    def add(self, value: float) -> None:
        place = next(n for n, bound in enumerate(self._bounds) if value <= bound)
        self._counts[place] += 1
        self.sum += value

    def cumulated(self) -> list[tuple[str, float]]:
        """As Prometheus wants them: each bound with all that is not above it."""
        total, found = 0, []
        for bound, count in zip(self._bounds, self._counts, strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
        return found


@dataclass
class WriterFigures:
    """Of one store's writer since the program began. Safe from any thread."""

    store: str
    points: int = 0
    """Taken by the store; a rate is made of it by who reads it."""
    lag_rows: int = 0
    """Rows of the ledger that the store has not taken yet."""
    lag_s: float = 0.0
    """How long ago the writer last had nothing left to write; 0 while it keeps up."""
    splits: int = 0
    """Batches that were halved to find a bad line or because they were too large."""
    retries: Counter[str] = field(default_factory=Counter)
    """By cause: ``connection``, ``429``, ``503``, …"""
    dropped: Counter[str] = field(default_factory=Counter)
    """Points that the store will never have, by reason: ``refused``, ``too_old``."""
    rollup_windows: int = 0
    """Windows whose rollup was made, again or for the first time."""
    rollup_fault: str = ""
    batch_rows: Histogram = field(default_factory=lambda: Histogram(BUCKETS_ROWS))
    write_s: Histogram = field(default_factory=lambda: Histogram(BUCKETS_S))
    """From the beginning of a write to the store's answer."""
    lock: Lock = field(default_factory=Lock, repr=False)

    def wrote(self, rows: int, points: int, seconds: float) -> None:
        """A batch of ``rows`` is with the store."""
        with self.lock:
            self.points += points
            self.batch_rows.add(rows)
            self.write_s.add(seconds)

    def behind(self, rows: int, seconds: float) -> None:
        with self.lock:
            self.lag_rows, self.lag_s = rows, seconds

    def retried(self, cause: str) -> None:
        with self.lock:
            self.retries[cause] += 1

    def lost(self, reason: str, points: int) -> None:
        with self.lock:
            self.dropped[reason] += points

    def split(self) -> None:
        with self.lock:
            self.splits += 1

    def rolled_up(self, windows: int, fault: str = "") -> None:
        with self.lock:
            self.rollup_windows += windows
            self.rollup_fault = fault


class WriterCollector(Collector):
    """The figures of all writers as families of Prometheus."""

    def __init__(self, figures: Iterable[WriterFigures]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterator[Metric]:
        """Read now."""
        for one in self._figures:
            with one.lock:
                yield from _families(one)


def _families(one: WriterFigures) -> Iterator[Metric]:
    counters = {
        "series_points": ("Points the store took", one.points),
        "series_splits": ("Batches that were halved", one.splits),
        "series_rollup_windows": ("Windows whose rollup was made", one.rollup_windows),
    }
    for name, (text, value) in counters.items():
        yield _counter(name, text, {(): value}, one.store)
    gauges = {
        "series_lag_rows": ("Rows the store has not taken yet", one.lag_rows),
        "series_lag_seconds": ("Since when the writer is behind", one.lag_s),
        "series_rollup_fault": ("1 when rollups cannot be made", float(bool(one.rollup_fault))),
    }
    for name, (text, figure) in gauges.items():
        family = GaugeMetricFamily(f"linli_{name}", text, labels=["store"])
        family.add_metric([one.store], figure)
        yield family
    text = "Writes to be tried again, by cause"
    yield _counter("series_retries", text, _labelled(one.retries), one.store, "cause")
    text = "Points given up, by reason"
    yield _counter("series_dropped", text, _labelled(one.dropped), one.store, "reason")
    yield _histogram("series_batch_rows", "Rows of a batch", one.batch_rows, one.store)
    yield _histogram("series_write_seconds", "Until the store answered", one.write_s, one.store)


def _labelled(counts: Counter[str]) -> dict[tuple[str, ...], int]:
    return {(label,): count for label, count in counts.items()}


def _counter(
    name: str, text: str, values: Mapping[tuple[str, ...], int], store: str, *labels: str
) -> Metric:
    family = CounterMetricFamily(f"linli_{name}", text, labels=["store", *labels])
    for label, value in values.items():
        family.add_metric([store, *label], value)
    return family


def _histogram(name: str, text: str, histogram: Histogram, store: str) -> Metric:
    family = HistogramMetricFamily(f"linli_{name}", text, labels=["store"])
    family.add_metric([store], histogram.cumulated(), histogram.sum)
    return family
