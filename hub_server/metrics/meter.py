"""Counters and histograms of one process. Made once, and handed to whoever counts."""

from collections import Counter
from collections.abc import Iterator, Mapping
from threading import Lock

from prometheus_client import Metric
from prometheus_client.registry import Collector

from hub_server.metrics.exposed import counter, histogram
from hub_server.metrics.histogram import Histogram
from hub_server.metrics.table import BY_NAME

Labels = tuple[str, ...]


class Meter(Collector):
    """Safe from any thread. Names are those of the table; labels in its order."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, Counter[Labels]] = {}
        self._histograms: dict[str, dict[Labels, Histogram]] = {}

    def count(self, name: str, *labels: str, n: int = 1) -> None:
        """Add ``n`` to a counter."""
        self.count_all(name, {labels: n})

    def count_all(self, name: str, counts: Mapping[Labels, int]) -> None:
        """Add to several of one name."""
        with self._lock:
            self._counts.setdefault(name, Counter()).update(counts)

    def value(self, name: str, *labels: str) -> int:
        """Of a counter."""
        with self._lock:
            return self._counts.get(name, Counter())[labels]

    def histogram(self, name: str, *labels: str) -> Histogram:
        """The one of that name and labels; ask once and keep it where it is used often."""
        with self._lock:
            made = self._histograms.setdefault(name, {})
            if labels not in made:
                made[labels] = Histogram(BY_NAME[name].bounds)
            return made[labels]

    def collect(self) -> Iterator[Metric]:
        """Read now."""
        with self._lock:
            counts = {name: dict(values) for name, values in self._counts.items()}
            histograms = {name: dict(values) for name, values in self._histograms.items()}
        for name, values in counts.items():
            yield counter(name, values.items())
        for name, made in histograms.items():
            rows = [(labels, one.cumulated(), one.sum) for labels, one in made.items()]
            yield histogram(name, rows)
