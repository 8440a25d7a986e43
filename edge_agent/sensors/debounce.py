"""A contact that bounces: a change counts once it has lasted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """The line changed."""

    closed: bool
    at: float
    """Monotonic seconds."""


class Debouncer:
    """Follows a contact from its edges; times never go back.

    Args:
        closed: its state at the beginning.
        hold_s: how long a change must last to count.
    """

    def __init__(self, closed: bool, hold_s: float) -> None:
        self.closed = closed
        """The state without bounces."""
        self._hold_s = hold_s
        self._pending: Edge | None = None
        self._closings = 0

    def feed(self, edge: Edge) -> None:
        """Take one edge in."""
        self.settle(edge.at)
        if edge.closed == self.closed:
            self._pending = None  # it went back before it counted
        elif self._pending is None:
            self._pending = edge

    def settle(self, now: float) -> None:
        """Let time pass without an edge."""
        pending = self._pending
        if pending is None or now - pending.at < self._hold_s:
            return
        self._pending = None
        self.closed = pending.closed
        self._closings += self.closed

    def take_closings(self) -> int:
        """How often it closed since the last call."""
        count, self._closings = self._closings, 0
        return count
