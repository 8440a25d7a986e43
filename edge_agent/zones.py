"""Geometry of zones: polygons as fractions 0-1 of the frame's width (x) and height (y).

A thing that stands on the ground is in a zone when its foot point (bottom centre of its box)
is; a vehicle, whose box covers ground it stands on, when enough of the box lies inside.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from edge_agent.polygons import Point
from linli_contract.payloads import Box

VEHICLES = frozenset({"bicycle", "bus", "car", "ebike", "motorcycle", "truck"})
"""Labels that are members of a zone by overlap, not by foot point."""

INWARD = 1e-3
"""Less than a pixel of most frames."""


def contains(polygon: Sequence[Point], point: Point) -> bool:
    """Whether ``point`` is inside (even-odd rule; a point on the outline may go either way)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise((*polygon, polygon[0])):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def foot(box: Box) -> Point:
    """Bottom centre of ``box``: where a person stands."""
    return (box[0] + box[2]) / 2, box[3]


def share_inside(polygon: Sequence[Point], box: Box) -> float:
    """Share 0-1 of the area of ``box`` that lies inside ``polygon``; 0 for an empty box.

    The polygon is clipped to the box after Sutherland and Hodgman (1974); where a concave polygon
    falls apart the connecting edges enclose no area, so the area stays right.
    """
    area = max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
    if area <= 0:
        return 0.0
    rest = list(polygon)
    for axis, limit, keep_above in (
        (0, box[0], True),
        (0, box[2], False),
        (1, box[1], True),
        (1, box[3], False),
    ):
        rest = _clip(rest, axis, limit, keep_above)
    return min(1.0, _area(rest) / area)


def _clip(points: list[Point], axis: int, limit: float, keep_above: bool) -> list[Point]:
    kept: list[Point] = []
    for i, here in enumerate(points):
        before = points[i - 1]
        here_in = here[axis] >= limit if keep_above else here[axis] <= limit
        before_in = before[axis] >= limit if keep_above else before[axis] <= limit
        if here_in != before_in:
            kept.append(_at(before, here, axis, limit))
        if here_in:
            kept.append(here)
    return kept


def _at(a: Point, b: Point, axis: int, limit: float) -> Point:
    t = (limit - a[axis]) / (b[axis] - a[axis])
    other = a[1 - axis] + t * (b[1 - axis] - a[1 - axis])
    return (limit, other) if axis == 0 else (other, limit)


def _area(points: Sequence[Point]) -> float:
    if len(points) < 3:
        return 0.0
    pairs = pairwise((*points, points[0]))
    return abs(math.fsum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def is_member(polygon: Sequence[Point], box: Box, label: str, overlap: float) -> bool:
    """Whether a thing is in the zone; ``overlap`` is the share a vehicle's box needs inside."""
    if label in VEHICLES:
        return share_inside(polygon, box) >= overlap
    return contains(polygon, _within_the_frame(foot(box)))


def _within_the_frame(point: Point) -> Point:
    """A box cut by the frame's edge stands on that edge, and on that of a zone drawn up to it:
    a little inward it is in both."""
    x, y = point
    return min(max(x, INWARD), 1 - INWARD), min(max(y, INWARD), 1 - INWARD)
