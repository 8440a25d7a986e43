"""Sums by the minute, of which a window takes the last few."""

from collections.abc import Iterator


class Minutes:
    """Sum and number of values in each of the last ``keep`` minutes.

    Args:
        keep: how many minutes stay, the one under way included.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._buckets: dict[int, tuple[float, int]] = {}

    def add(self, minute: int, value: float, count: int = 1) -> None:
        """Count ``value`` in ``minute``; minutes older than the window are forgotten."""
        total, number = self._buckets.get(minute, (0.0, 0))
        self._buckets[minute] = (total + value, number + count)
        oldest = max(self._buckets) - self._keep
        for old in [m for m in self._buckets if m <= oldest]:
            del self._buckets[old]

    def between(self, first: int, last: int) -> tuple[float, int]:
        """(sum, number of values) of the minutes ``first`` to ``last``, both included."""
        found = [row for minute, row in self._buckets.items() if first <= minute <= last]
        return sum(total for total, _ in found), sum(number for _, number in found)

    def items(self) -> Iterator[tuple[int, float]]:
        """(minute, sum), oldest first."""
        return ((minute, self._buckets[minute][0]) for minute in sorted(self._buckets))
