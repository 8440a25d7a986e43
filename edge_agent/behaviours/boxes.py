"""Geometry of boxes (x1, y1, x2, y2), fractions 0-1 of the frame.

A fraction of the width and one of the height are different lengths, so distances are told in
sizes of the things themselves.
"""

from edge_agent.zones import foot
from linli_contract.payloads import Box

SAME = 0.5
"""Intersection over union from which two boxes are one thing standing still."""
HIDDEN = 0.8
"""Share of the smaller box inside the larger from which it may be the same, partly hidden."""
LEAST_VISIBLE = 0.35
"""Share of a thing's box that must be left to know it again."""
REACH = 0.5
"""Person heights that feet may be apart in the picture, to be near: about 2 m in depth for a
camera that looks down by 20-30 degrees."""


def area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def shared(one: Box, other: Box) -> float:
    """Area that both cover."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)


def overlap(one: Box, other: Box) -> float:
    """Intersection over the smaller box, 0-1."""
    least = min(area(one), area(other))
    return shared(one, other) / least if least > 0 else 0.0


def likeness(one: Box, other: Box) -> float:
    """How much two boxes look like one thing that stands still: 0 (not at all) to 1."""
    both = shared(one, other)
    sizes = sorted((area(one), area(other)))
    if both <= 0 or sizes[0] <= 0:
        return 0.0
    union = sizes[0] + sizes[1] - both
    if both / union >= SAME:
        return both / union
    part = both / sizes[0] >= HIDDEN and sizes[0] / sizes[1] >= LEAST_VISIBLE
    return both / union if part else 0.0


def mean(one: Box, other: Box, weight: float) -> Box:
    """``one`` moved towards ``other`` by ``weight`` 0-1."""
    a, b, c, d = (x + weight * (y - x) for x, y in zip(one, other, strict=True))
    return a, b, c, d


def is_near(person: Box, thing: Box, within: float) -> bool:
    """Whether ``thing`` stands beside ``person``.

    Args:
        within: widths of the person's box between the two.
    """
    aside = max(person[0] - thing[2], thing[0] - person[2], 0.0)
    apart = abs(foot(person)[1] - foot(thing)[1])
    near_aside = aside <= within * (person[2] - person[0])
    return near_aside and apart <= REACH * (person[3] - person[1])
