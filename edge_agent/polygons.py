"""Polygons as people write them: read, and refused when they enclose nothing sensible.

Points are (x, y), fractions 0-1 of the frame's width and height; the last joins the first.
"""

from itertools import pairwise

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Edge = tuple[Point, Point]

MAX_POINTS = 100
"""More are no outline that a person drew; bounds the work of every check."""


def parse_polygon(value: object) -> Polygon:
    """``value`` as a polygon; a point repeated at once is taken off.

    Raises:
        ValueError: fewer than three distinct points, a point that is no pair of fractions 0-1,
            no area, or an outline that crosses or touches itself. The text says what a valid
            polygon is and what came.
    """
    if not isinstance(value, list | tuple):
        raise ValueError(f"a polygon as a list of [x, y] points, not {value!r}")
    points = tuple(_point(item, index) for index, item in enumerate(value))
    points = tuple(point for i, point in enumerate(points) if point != points[i + 1 - len(points)])
    distinct = len(set(points))
    if distinct < 3:
        raise ValueError(f"a polygon of at least 3 distinct points; distinct here: {distinct}")
    if len(points) > MAX_POINTS:
        raise ValueError(f"a polygon of at most {MAX_POINTS} points; this one has {len(points)}")
    _check_outline(points)
    return points


def parse_line(value: object) -> Edge:
    """``value`` as a straight line of two points.

    Raises:
        ValueError: not two distinct points that are pairs of fractions 0-1.
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"a line as two [x, y] points, not {value!r}")
    a, b = (_point(item, index) for index, item in enumerate(value))
    if a == b:
        raise ValueError("a line of two distinct points")
    return a, b


def _point(value: object, index: int) -> Point:
    expected = f"point {index} as [x, y], fractions 0-1 of the frame's width and height"
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{expected}; it is {value!r}")
    x, y = (_fraction(number, expected) for number in value)
    return x, y


def _fraction(value: object, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{expected}; it has {value!r}")
    return float(value)


def _check_outline(points: Polygon) -> None:
    edges = _edges(points)
    for i, first in enumerate(edges):
        for j in range(i + 1, len(edges)):
            neighbours = j == i + 1 or (i == 0 and j == len(edges) - 1)
            meet = _folds_back if neighbours else _touch
            if meet(first, edges[j]):
                raise ValueError(
                    f"a polygon whose outline does not cross itself; the edges after points "
                    f"{i} and {j} meet"
                )


def _edges(points: Polygon) -> list[Edge]:
    return [*pairwise(points), (points[-1], points[0])]


def _turn(a: Point, b: Point, c: Point) -> float:
    """> 0 when a → b → c turns one way, < 0 the other way, 0 on one line."""
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return 0.0 if abs(turn) < 1e-12 else turn


def _on(edge: Edge, point: Point) -> bool:
    """Whether ``point``, known to be on the edge's line, is between its ends."""
    (x1, y1), (x2, y2) = edge
    return min(x1, x2) <= point[0] <= max(x1, x2) and min(y1, y2) <= point[1] <= max(y1, y2)


def _touch(first: Edge, second: Edge) -> bool:
    """Whether two edges without a common end meet anywhere."""
    a, b = _turn(*first, second[0]), _turn(*first, second[1])
    c, d = _turn(*second, first[0]), _turn(*second, first[1])
    if a * b < 0 and c * d < 0:
        return True
    return (
        (a == 0 and _on(first, second[0]))
        or (b == 0 and _on(first, second[1]))
        or (c == 0 and _on(second, first[0]))
        or (d == 0 and _on(second, first[1]))
    )


def _folds_back(first: Edge, second: Edge) -> bool:
    """Whether two edges that share an end lie on one line and over each other."""
    shared = first[1] if first[1] in second else first[0]
    one = first[0] if shared == first[1] else first[1]
    other = second[1] if shared == second[0] else second[0]
    if _turn(one, shared, other) != 0:
        return False
    along = (one[0] - shared[0]) * (other[0] - shared[0])
    return along + (one[1] - shared[1]) * (other[1] - shared[1]) > 0
