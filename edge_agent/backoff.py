"""Waiting longer after each failure, with jitter so that many do not return at once."""

from collections.abc import Callable


class Backoff:
    """Seconds to wait: 1, 2, 4, … up to ``ceiling``, each times a random share of 0.5-1.

    Args:
        random: gives numbers 0-1.
        first: seconds after the first failure, before jitter.
        ceiling: most seconds, before jitter.
    """

    def __init__(
        self, random: Callable[[], float], first: float = 1.0, ceiling: float = 30.0
    ) -> None:
        self._random = random
        self._first = first
        self._ceiling = ceiling
        self._failures = 0

    def next(self) -> float:
        """Counts a failure; the seconds to wait now."""
        # 2**16 times the first is beyond any ceiling, and no float overflows
        delay = min(self._ceiling, self._first * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return delay * (0.5 + 0.5 * self._random())

    def reset(self) -> None:
        """It worked: begin again at ``first``."""
        self._failures = 0
