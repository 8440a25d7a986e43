"""How often something happens."""

from collections import deque


class Rate:
    """Events per second over a sliding window of ``window`` seconds."""

    def __init__(self, window: float = 5.0) -> None:
        self._window = window
        self._times: deque[float] = deque(maxlen=2000)
        self._since: float | None = None

    def tick(self, mono: float) -> None:
        """It happened at ``mono`` (monotonic seconds)."""
        if self._since is None:
            self._since = mono
        self._times.append(mono)

    def per_second(self, mono: float) -> float:
        """The rate at ``mono``; 0 before the second event and when all is long ago."""
        recent = sum(1 for time in tuple(self._times) if mono - time <= self._window)
        if self._since is None or recent == 0:
            return 0.0
        span = min(self._window, mono - self._since)
        whole_window = span >= self._window
        return recent / span if whole_window else (recent - 1) / span if span > 0 else 0.0
