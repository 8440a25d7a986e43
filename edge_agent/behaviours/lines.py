"""Geometry of a line, as people draw it in the picture (y goes down)."""

from edge_agent.polygons import Edge, Point


def signed(line: Edge, point: Point) -> float:
    """< 0 on side A, > 0 on side B; twice the area of the triangle."""
    (ax, ay), (bx, by) = line
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)


def meets(line: Edge, start: Point, end: Point) -> bool:
    """Whether the way from ``start`` to ``end``, on two sides, passes between the line's ends."""
    step = (start, end)
    return signed(step, line[0]) * signed(step, line[1]) <= 0
