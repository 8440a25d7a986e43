"""Counts by upper bound, as Prometheus wants them."""

from bisect import bisect_left
from collections.abc import Iterable
from threading import Lock


class Histogram:
    """Safe from any thread. ``bounds`` grow; one above all is added."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._lock = Lock()
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        place = bisect_left(self._bounds, value)
        with self._lock:
            self._counts[place] += 1
            self.sum += value

    def add_all(self, values: Iterable[float]) -> None:
        """Count many: one lock for all of them."""
        bounds, counts, total = self._bounds, self._counts, 0.0
        with self._lock:
            for value in values:
                counts[bisect_left(bounds, value)] += 1
                total += value
            self.sum += total

    def cumulated(self) -> list[tuple[str, float]]:
        """Each bound with all that is not above it; the last one, ``+Inf``, has everything."""
        with self._lock:
            counts = tuple(self._counts)
        total, found = 0, []
        for bound, count in zip((*self._bounds, float("inf")), counts, strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else str(bound), float(total)))
        return found
