"""Who goes first in one process: people's alerts before points of the time series.

Python runs one thread at a time. While the ingest takes in all it can, a writer of points that
takes its share makes every alert later. So it is put off, for a bounded time.
"""

import time
from collections.abc import Callable
from threading import Event

HOLD_S = 1.0
"""So long after the last press nothing is pressed any more."""
_STEP_S = 0.05


class Precedence:
    """Thread-safe: one says that it is pressed, others wait.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = -HOLD_S

    def press(self, pressed: bool) -> None:
        """Whether more waits than is taken at once."""
        self._until = self._clock() + HOLD_S if pressed else -HOLD_S

    @property
    def pressed(self) -> bool:
        """Whether others are to wait."""
        return self._clock() < self._until

    def give_way(self, stopping: Event, at_most_s: float) -> float:
        """Wait while somebody is pressed, for ``at_most_s``, or until ``stopping``; the seconds
        that took."""
        began = self._clock()
        while self.pressed and self._clock() - began < at_most_s and not stopping.wait(_STEP_S):
            pass
        return self._clock() - began
