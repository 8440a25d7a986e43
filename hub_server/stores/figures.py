"""Figures of a series writer, as a Prometheus collector: register it where ``/metrics`` is made.

``registry.register(WriterCollector(writers_figures))``; every family has the label ``store``.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import Metric
from prometheus_client.registry import Collector

from hub_server.metrics.exposed import Filled, Row, counter, gauge, histogram
from hub_server.metrics.histogram import Histogram
from hub_server.metrics.table import SERIES_ROWS, SERIES_S


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
    put_off_s: float = 0.0
    """How long points waited for an ingest that was pressed."""
    rollup_windows: int = 0
    """Windows whose rollup was made, again or for the first time."""
    rollup_fault: str = ""
    batch_rows: Histogram = field(default_factory=lambda: Histogram(SERIES_ROWS))
    write_s: Histogram = field(default_factory=lambda: Histogram(SERIES_S))
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

    def put_off(self, seconds: float) -> None:
        with self.lock:
            self.put_off_s += seconds

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
        """Read now; one family each, however many stores."""
        with ExitStack() as locks:
            for one in self._figures:
                locks.enter_context(one.lock)
            yield from _families(self._figures)


def _families(all_: Sequence[WriterFigures]) -> list[Metric]:
    def plain(value: Callable[[WriterFigures], float]) -> list[Row]:
        return [((one.store,), value(one)) for one in all_]

    def by(value: Callable[[WriterFigures], Counter[str]]) -> list[Row]:
        return [((one.store, label), n) for one in all_ for label, n in value(one).items()]

    def filled(value: Callable[[WriterFigures], Histogram]) -> list[Filled]:
        return [((one.store,), value(one).cumulated(), value(one).sum) for one in all_]

    return [
        counter("linli_series_points_total", plain(lambda one: one.points)),
        counter("linli_series_put_off_seconds_total", plain(lambda one: one.put_off_s)),
        counter("linli_series_splits_total", plain(lambda one: one.splits)),
        counter("linli_series_rollup_windows_total", plain(lambda one: one.rollup_windows)),
        counter("linli_series_retries_total", by(lambda one: one.retries)),
        counter("linli_series_dropped_total", by(lambda one: one.dropped)),
        gauge("linli_series_lag_rows", plain(lambda one: one.lag_rows)),
        gauge("linli_series_lag_seconds", plain(lambda one: one.lag_s)),
        gauge("linli_series_rollup_fault", plain(lambda one: float(bool(one.rollup_fault)))),
        histogram("linli_series_batch_rows", filled(lambda one: one.batch_rows)),
        histogram("linli_series_write_seconds", filled(lambda one: one.write_s)),
    ]
