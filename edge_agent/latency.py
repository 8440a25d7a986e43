"""How long it takes from a frame's capture until its event is on the disk."""

import threading
from bisect import bisect_left

from linli_contract.payloads import Latency

BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LatencyHistogram:
    """Counts since start; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """One event took ``seconds``; a clock that was set back meanwhile counts as none."""
        seconds = max(0.0, seconds)
        with self._lock:
            self._counts[bisect_left(BOUNDS_S, seconds)] += 1
            self._sum += seconds

    def read(self) -> Latency | None:
        """The counts; None before the first event."""
        with self._lock:
            if not any(self._counts):
                return None
            return Latency(BOUNDS_S, tuple(self._counts), round(self._sum, 4))


class Latencies:
    """A histogram a camera."""

    def __init__(self) -> None:
        self._by_camera: dict[str, LatencyHistogram] = {}

    def add(self, camera: str, seconds: float) -> None:
        """An event of ``camera`` took ``seconds``."""
        self._by_camera.setdefault(camera, LatencyHistogram()).add(seconds)

    def read(self, camera: str) -> Latency | None:
        """The counts; None before the first event."""
        histogram = self._by_camera.get(camera)
        return histogram.read() if histogram else None
