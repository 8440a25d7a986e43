"""When was a frame captured? The stream's own positions, anchored to the arrival clock."""

from datetime import datetime, timedelta

from edge_agent.clock import Moment

RESYNC_S = 1.0
"""A stream that runs this far behind its anchor is anchored anew: its clock drifts, or it
paused."""


class Timeline:
    """Turns a live stream's positions (PTS) into capture times.

    The network delays frames but never brings one early, so the earliest arrival so far, seen
    from its position, is the anchor.
    """

    def __init__(self) -> None:
        self._anchor: float | None = None
        self._last_position: float | None = None

    def at(self, position: float, arrival: Moment) -> float:
        """Capture time in monotonic seconds; never after the arrival.

        Args:
            position: seconds in the stream; one that does not grow is not trusted, and the
                arrival counts.
            arrival: when the frame was there.
        """
        before, self._last_position = self._last_position, position
        if before is not None and position <= before:
            self._anchor = None
            return arrival.mono
        offset = arrival.mono - position
        if self._anchor is None or offset < self._anchor or offset - self._anchor > RESYNC_S:
            self._anchor = offset
        return min(self._anchor + position, arrival.mono)

    def place(self, position: float, arrived: float) -> float:
        """Capture time of a frame at ``position``, by the anchor as it is; never after
        ``arrived`` (monotonic seconds)."""
        return arrived if self._anchor is None else min(self._anchor + position, arrived)


def wall_time(mono: float, now: Moment) -> datetime:
    """The UTC time at which the monotonic clock showed ``mono``, by the clocks ``now``."""
    return now.wall + timedelta(seconds=mono - now.mono)


def in_order(time: datetime, last: datetime | None) -> datetime:
    """``time``, moved after ``last`` when it is a trifle before: the two clocks are not read at
    the same instant. A clock that was set back by more than a second stays seen."""
    if last is not None and timedelta(0) <= last - time < timedelta(seconds=1):
        return last + timedelta(milliseconds=1)
    return time
