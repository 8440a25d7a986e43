"""Polygons as people write them, and what is inside them."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.polygons import MAX_POINTS, parse_polygon
from edge_agent.zones import contains, foot, is_member, share_inside

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
# A "U": what is between its arms is outside.
CONCAVE = (
    (0.0, 0.0),
    (0.3, 0.0),
    (0.3, 0.7),
    (0.7, 0.7),
    (0.7, 0.0),
    (1.0, 0.0),
    (1.0, 1.0),
    (0.0, 1.0),
)

fractions = st.integers(0, 100).map(lambda n: n / 100)
boxes = st.tuples(fractions, fractions, fractions, fractions).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (5, "a polygon as a list of"),
        ([[0, 0], [1, 1]], "at least 3 distinct points; distinct here: 2"),
        ([[0, 0], [1, 1], [0, 0], [1, 1]], "at least 3 distinct points; distinct here: 2"),
        ([[0, 0], [2, 1], [1, 0]], "point 1 as .x, y., fractions 0-1.*it has 2"),
        ([[0, 0], [float("nan"), 1], [1, 0]], "point 1 .*it has nan"),
        ([[0, 0], [True, 1], [1, 0]], "point 1 .*it has True"),
        ([[0, 0], ["1", 1], [1, 0]], "point 1 .*it has '1'"),
        ([[0, 0], [1, 1, 1], [1, 0]], "point 1 .*it is .1, 1, 1."),
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "does not cross itself; the edges after points 0 and 2"),
        ([[0, 0], [0.5, 0.5], [1, 1]], "does not cross itself"),
        ([[0, 0], [1, 0], [0.5, 0], [0.5, 1]], "does not cross itself"),
        ([[0, 0], [1, 0], [1, 1], [0.5, 0], [0, 1]], "does not cross itself"),
        ([[n / 200, (n % 2) / 2] for n in range(MAX_POINTS + 1)], "at most 100 points"),
    ],
)
def test_what_encloses_nothing_sensible_is_refused(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_polygon(value)


def test_a_repeated_point_is_taken_off() -> None:
    assert parse_polygon([[0, 0], [1, 0], [1, 1], [0, 0]]) == ((0, 0), (1, 0), (1, 1))
    assert parse_polygon([[0, 0], [0, 0], [1, 0], [1, 1]]) == ((0, 0), (1, 0), (1, 1))
    assert parse_polygon([list(point) for point in CONCAVE]) == CONCAVE


@given(st.lists(st.integers(0, 359), min_size=3, max_size=20, unique=True), st.data())
def test_stars_do_not_cross_themselves_and_two_points_swapped_do(
    degrees: list[int], data: st.DataObject
) -> None:
    angles = np.radians(sorted(degrees))
    on_circle = [[0.5 + 0.4 * np.cos(a), 0.5 + 0.4 * np.sin(a)] for a in angles]
    points = [[float(x), float(y)] for x, y in on_circle]
    assert len(parse_polygon(points)) == len(points)
    if len(points) > 3:
        i = data.draw(st.integers(0, len(points) - 2))
        points[i], points[i + 1] = points[i + 1], points[i]
        with pytest.raises(ValueError, match="does not cross itself"):
            parse_polygon(points)


@pytest.mark.parametrize("polygon", [SQUARE, CONCAVE])
@given(x=st.floats(0.001, 0.999), y=st.floats(0.001, 0.999))
def test_contains_agrees_with_opencv(
    polygon: tuple[tuple[float, float], ...], x: float, y: float
) -> None:
    distance = cv2.pointPolygonTest(np.array(polygon, np.float32), (x, y), True)
    if abs(distance) > 1e-4:  # on the outline either answer will do
        assert contains(polygon, (x, y)) == (distance > 0)


@pytest.mark.parametrize("polygon", [SQUARE, CONCAVE])
@given(box=boxes)
def test_share_inside_agrees_with_counting_points(
    polygon: tuple[tuple[float, float], ...], box: tuple[float, float, float, float]
) -> None:
    x1, y1, x2, y2 = box
    if x1 == x2 or y1 == y2:
        assert share_inside(polygon, box) == 0
        return
    steps = [(i + 0.5) / 20 for i in range(20)]
    inside = sum(
        contains(polygon, (x1 + (x2 - x1) * u, y1 + (y2 - y1) * v)) for u in steps for v in steps
    )
    assert share_inside(polygon, box) == pytest.approx(inside / 400, abs=0.11)


def test_share_inside_is_exact_where_it_can_be_reckoned() -> None:
    assert share_inside(SQUARE, (0.7, 0.3, 0.9, 0.5)) == pytest.approx(0.5)
    assert share_inside(SQUARE, (0.0, 0.0, 1.0, 1.0)) == pytest.approx(0.36)
    assert share_inside(CONCAVE, (0.2, 0.0, 0.8, 0.5)) == pytest.approx(1 / 3)


def test_people_stand_and_vehicles_cover() -> None:
    inside_by_foot = (0.1, 0.0, 0.5, 0.3)  # foot (0.3, 0.3), a twelfth of the area
    assert foot(inside_by_foot) == (0.3, 0.3)
    assert is_member(SQUARE, inside_by_foot, "person", overlap=0.5)
    assert not is_member(SQUARE, inside_by_foot, "car", overlap=0.5)
    covering = (0.5, 0.5, 0.9, 0.79)
    assert is_member(SQUARE, covering, "car", overlap=0.5)
    below = (0.5, 0.5, 0.7, 0.9)  # stands outside, three quarters inside
    assert not is_member(SQUARE, below, "person", overlap=0.5)
    assert is_member(SQUARE, below, "truck", overlap=0.5)


def test_who_is_cut_by_the_frames_edge_is_in_a_zone_drawn_up_to_it() -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert is_member(whole, (0.4, 0.5, 0.6, 1.0), "person", 0.5)
    assert is_member(whole, (0.0, 0.5, 0.0, 1.0), "person", 0.5)
    lower = ((0.0, 0.6), (1.0, 0.6), (1.0, 1.0), (0.0, 1.0))
    assert not is_member(lower, (0.4, 0.1, 0.6, 0.5), "person", 0.5)
