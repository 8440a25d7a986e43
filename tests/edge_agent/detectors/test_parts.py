"""Detections of a frame and of its parts as one answer."""

import numpy as np

from edge_agent.detectors.parts import with_parts
from edge_agent.types import FALLEN, Detections

Row = tuple[str, tuple[float, float, float, float], float]


def seen(*rows: Row, size: tuple[int, int] = (1000, 500), lying: str = "") -> Detections:
    return Detections(
        np.array([box for _, box, _ in rows], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in rows], np.float32),
        tuple(label for label, _, _ in rows),
        size,
        (lying,) * len(rows) if lying else (),
    )


def part(*rows: Row, lying: str = "") -> Detections:
    return seen(*rows, size=(300, 300), lying=lying)


def rows(found: Detections) -> list[Row]:
    boxes = [tuple(row) for row in found.boxes.tolist()]
    return [
        (label, (b[0], b[1], b[2], b[3]), round(float(score), 2))
        for label, b, score in zip(found.labels, boxes, found.scores, strict=True)
    ]


WHOLE = seen(("person", (100, 100, 140, 200), 0.8))


def test_without_parts_nothing_changes() -> None:
    both, added = with_parts(WHOLE, [])
    assert both is WHOLE
    assert added == []


def test_what_a_part_shows_comes_to_its_place_in_the_frame() -> None:
    both, added = with_parts(WHOLE, [((600, 150), part(("dog", (50, 60, 80, 90), 0.7)))])
    assert rows(both) == [*rows(WHOLE), ("dog", (650, 210, 680, 240), 0.7)]
    assert added == [1]
    assert both.size == (1000, 500)


def test_what_both_show_is_one_and_the_surer_box_stays() -> None:
    near = part(("person", (52, 48, 92, 148), 0.9))
    both, added = with_parts(WHOLE, [((50, 50), near)])
    assert rows(both) == [("person", (102, 98, 142, 198), 0.9)]
    assert added == [0]
    both, added = with_parts(WHOLE, [((50, 50), part(("person", (52, 48, 92, 148), 0.5)))])
    assert (rows(both), added) == (rows(WHOLE), [])


def test_two_parts_that_show_one_thing_show_it_once() -> None:
    one, other = part(("dog", (250, 60, 280, 90), 0.7)), part(("dog", (51, 60, 81, 90), 0.6))
    both, added = with_parts(WHOLE, [((400, 100), one), ((600, 100), other)])
    assert [label for label, _, _ in rows(both)] == ["person", "dog"]
    assert added == [1]


def test_what_the_edge_of_a_part_cuts_is_left_out_but_not_at_the_frames_edge() -> None:
    cut = part(("person", (100, 0, 140, 90), 0.9), ("person", (270, 50, 300, 150), 0.9))
    assert with_parts(WHOLE, [((300, 100), cut)])[1] == []
    at_the_edge = part(("person", (100, 0, 140, 90), 0.9), ("dog", (270, 50, 300, 150), 0.9))
    both, added = with_parts(WHOLE, [((700, 0), at_the_edge)])
    assert [label for label, _, _ in rows(both)] == ["person", "person", "dog"]
    assert added == [1, 2]


def test_a_piece_of_what_the_whole_frame_shows_is_no_thing_of_its_own() -> None:
    legs = part(("person", (52, 100, 88, 148), 0.9), ("dog", (52, 100, 88, 148), 0.6))
    both, added = with_parts(WHOLE, [((50, 50), legs)])
    assert [label for label, _, _ in rows(both)] == ["person", "dog"]
    assert added == [1]


def test_a_sure_piece_of_nearly_half_does_not_take_the_whole_with_it() -> None:
    """Such a piece overlaps enough to count as the same thing, and is too small to be it."""
    half = part(("person", (50, 50, 90, 98), 0.95))
    both, added = with_parts(WHOLE, [((50, 50), half)])
    assert (rows(both), added) == (rows(WHOLE), [])


def test_postures_go_with_their_boxes() -> None:
    both, _ = with_parts(
        WHOLE, [((600, 150), part(("person", (50, 60, 120, 90), 0.7), lying=FALLEN))]
    )
    assert [both.posture(row) for row in range(2)] == ["", FALLEN]
