"""A thread's sign of life."""


class Pulse:
    """Written by the thread it belongs to, read by the watchdog."""

    def __init__(self) -> None:
        self._count = 0
        self._at: float | None = None

    def beat(self, mono: float) -> None:
        """The thread is at work at ``mono`` (monotonic seconds)."""
        self._count += 1
        self._at = mono

    @property
    def count(self) -> int:
        """Beats since start."""
        return self._count

    def silent_s(self, mono: float) -> float:
        """Seconds since the last beat; 0 before the first, when the thread was not started."""
        return 0.0 if self._at is None else mono - self._at
