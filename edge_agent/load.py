"""How busy the processors are, whoever asks and from which thread."""

import threading
from collections.abc import Callable

import psutil

LOOK_S = 1.0
"""Seconds of processor time between two looks; sooner the last answer holds."""


def cpu_times() -> tuple[float, float]:
    """Seconds of all processors since boot: in all, and idle."""
    times = psutil.cpu_times()
    # Linux counts the time of guests twice: proc(5)
    total = sum(times) - times.guest - times.guest_nice
    return total, times.idle + times.iowait


class Load:
    """Thread-safe. (``psutil.cpu_percent`` remembers for each thread by itself, so that one made
    for a single question would always hear 0.)

    Args:
        times: as :func:`cpu_times`.
    """

    def __init__(self, times: Callable[[], tuple[float, float]] = cpu_times) -> None:
        self._times = times
        self._lock = threading.Lock()
        self._before = times()
        self._percent: float | None = None

    def percent(self) -> float | None:
        """0-100 of all processors since the look before; None until there are two looks."""
        with self._lock:
            total, idle = self._times()
            passed = total - self._before[0]
            if passed >= LOOK_S:
                busy = 1 - (idle - self._before[1]) / passed
                self._percent = round(100 * min(1.0, max(0.0, busy)), 1)
                self._before = total, idle
            return self._percent
