"""The events that a truth's tracks imply, counted by rules of their own.

Nothing here comes from the behaviours that are judged by it, but for what a crossing is that is
undone at once: that is a definition (``settle`` of a line), and the same function applies it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf

from edge_agent.behaviours.settings import IntrusionSettings, ZoneSettings
from edge_agent.behaviours.settling import Crossing, settle
from edge_agent.evaluate.truth import Truth
from edge_agent.polygons import Point
from edge_agent.zones import foot, is_member
from linli_contract.payloads import Box

_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    """An event of one zone or line; times are seconds of the clip."""

    at: float
    """when it is due"""
    lasts: float = inf
    """how long the stay behind it is; a crossing has no length"""
    towards: int = 0
    """which way a line is crossed: 1 or -1"""


def intrusions(
    truth: Truth, fps: float, zone: ZoneSettings, settings: IntrusionSettings, slack: float
) -> list[Expected]:
    """Stays in ``zone`` that reach the dwell, or miss it by no more than ``slack`` seconds.

    A stay is one person's; an absence up to the grace does not end it.
    """
    stays = [
        stay
        for boxes in truth.people().values()
        for stay in _stays(_inside(boxes, zone, settings), fps, settings.grace)
    ]
    due = [
        Expected(first + settings.dwell, last - first)
        for first, last in stays
        if last - first >= settings.dwell - slack
    ]
    return sorted(due, key=lambda event: event.at)


def _inside(boxes: Mapping[int, Box], zone: ZoneSettings, settings: IntrusionSettings) -> list[int]:
    """The frames in which someone is in the zone."""
    label = settings.labels[0]
    return [
        index
        for index, box in boxes.items()
        if box[3] - box[1] >= settings.min_height
        and is_member(zone.polygon, box, label, zone.overlap)
    ]


def _stays(frames: Sequence[int], fps: float, grace: float) -> list[tuple[float, float]]:
    """(begin, end) in seconds."""
    stays: list[tuple[float, float]] = []
    for time in (index / fps for index in frames):
        if stays and time - stays[-1][1] <= max(grace, 1 / fps) + 1e-9:
            stays[-1] = (stays[-1][0], time)
        else:
            stays.append((time, time))
    return stays


def crossings(
    truth: Truth,
    fps: float,
    line: tuple[Point, Point],
    patience: float = 2.0,
    settle_s: float = 0.0,
) -> list[Expected]:
    """Everyone's crossings of ``line``, by foot point.

    Args:
        patience: who is unseen for longer than these seconds is not taken to have walked straight.
        settle_s: who is back sooner has not crossed, as in the line's settings.
    """
    paths = (
        [(index / fps, foot(box)) for index, box in boxes.items()]
        for boxes in truth.people().values()
    )
    found = [
        one for path in paths for one in settled(line_crossings(path, line, patience), settle_s)
    ]
    return sorted(found, key=lambda event: event.at)


def settled(events: Iterable[Expected], time: float) -> list[Expected]:
    """Those of one person's crossings that stand, by :mod:`edge_agent.behaviours.settling`."""
    waiting: Crossing | None = None
    stood: list[Crossing | None] = []
    for event in events:
        crossing = Crossing(_BEGIN + timedelta(seconds=event.at), event.towards)
        waiting, stands = settle(waiting, crossing, timedelta(seconds=time))
        stood.append(stands)
    return [
        Expected((one.at - _BEGIN).total_seconds(), towards=one.towards)
        for one in (*stood, waiting)
        if one is not None
    ]


def line_crossings(
    path: Iterable[tuple[float, Point]], line: tuple[Point, Point], patience: float
) -> list[Expected]:
    """Where ``path``, (seconds, point), crosses the segment ``line``.

    1 is from the left of the way from the line's first end to its second to the right, as the
    picture shows it (y grows downwards).
    """
    found: list[Expected] = []
    for (t1, p1), (t2, p2) in pairwise(path):
        share = _meets(p1, p2, line) if t2 - t1 <= patience else None
        if share is not None:
            towards = 1 if _side(p2, line) > 0 else -1
            found.append(Expected(t1 + share * (t2 - t1), towards=towards))
    return found


def _side(point: Point, line: tuple[Point, Point]) -> float:
    """> 0 on the right of the line, as the picture shows it."""
    (x1, y1), (x2, y2) = line
    return (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)


def _meets(p1: Point, p2: Point, line: tuple[Point, Point]) -> float | None:
    """How far along from ``p1`` to ``p2`` the segment ``line`` is met, 0-1."""
    before, after = _side(p1, line), _side(p2, line)
    if (before > 0) == (after > 0):
        return None
    step = (p1, p2)
    if (_side(line[0], step) > 0) == (_side(line[1], step) > 0):
        return None
    return before / (before - after)
