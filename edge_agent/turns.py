"""Whose turn at a shared accelerator it is: start-time fair queueing, one frame a turn.

First come, first served is not fair here: a camera that makes a picture after its frame, or whose
next frame comes a little late, would queue anew behind all others every time. So each turn gets a
start tag (P. Goyal, H. M. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996): the larger of
the camera's own last finish tag and the tag of the turn given last; the smallest tag is next. A
camera that was away for a moment goes before those who had their turn meanwhile; one that was
away for long gets nothing back.
"""

import threading
from collections.abc import Callable

from edge_agent.clock import Moment


class FairOrder:
    """Who is next among those who wait. Decides only; knows neither threads nor time."""

    def __init__(self) -> None:
        self._tag = 0
        self._count = 0
        self._finish: dict[str, int] = {}  # bounded: one a camera; see forget
        self._waiting: dict[str, tuple[int, int]] = {}

    def join(self, name: str) -> None:
        """``name`` waits for a turn from now on; who waits already keeps the place."""
        if name not in self._waiting:
            self._count += 1
            self._waiting[name] = max(self._tag, self._finish.get(name, 0)), self._count

    def leave(self, name: str) -> None:
        """``name`` waits no more, and had no turn."""
        self._waiting.pop(name, None)

    def forget(self, name: str) -> None:
        """``name`` is gone for good."""
        self.leave(name)
        self._finish.pop(name, None)

    def first(self) -> str | None:
        """Whose turn is next; None while nobody waits. Among equals, who came first."""
        return min(self._waiting, key=self._waiting.__getitem__, default=None)

    def give(self) -> str | None:
        """:meth:`first` gets the turn."""
        name = self.first()
        if name is not None:
            self._tag, _ = self._waiting.pop(name)
            self._finish[name] = self._tag + 1
        return name


class Turns:
    """The turns at one accelerator; thread-safe.

    Args:
        now: the clock.
        slots: frames that it works on at once.
    """

    def __init__(self, now: Callable[[], Moment], slots: int = 1) -> None:
        self._now = now
        self._slots = slots
        self._taken = 0
        self._order = FairOrder()
        self._changed = threading.Condition()
        self._moved_at = now().mono

    def widen(self, slots: int) -> None:
        """At least ``slots`` frames at once from now on."""
        with self._changed:
            self._slots = max(self._slots, slots)
            self._changed.notify_all()

    def take(self, camera: str, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the turn of ``camera``; whether it came.

        Without it the place in the queue is kept, before others: call again, or :meth:`leave`.
        """
        with self._changed:
            self._order.join(camera)
            if not self._changed.wait_for(lambda: self._is_next(camera), timeout):
                return False
            self._order.give()
            if self._taken == 0:
                self._moved_at = self._now().mono
            self._taken += 1
            self._changed.notify_all()
            return True

    def _is_next(self, camera: str) -> bool:
        return self._taken < self._slots and self._order.first() == camera

    def leave(self, camera: str) -> None:
        """``camera`` waits no more."""
        with self._changed:
            self._order.leave(camera)
            self._changed.notify_all()

    def forget(self, camera: str) -> None:
        """``camera`` is gone for good."""
        with self._changed:
            self._order.forget(camera)
            self._changed.notify_all()

    def done(self) -> None:
        """A turn is over."""
        with self._changed:
            self._taken -= 1
            self._moved_at = self._now().mono
            self._changed.notify_all()

    def silent_s(self, mono: float) -> float:
        """Seconds for which turns were taken and none ended; from any thread."""
        return max(0.0, mono - self._moved_at) if self._taken else 0.0
