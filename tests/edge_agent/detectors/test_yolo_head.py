"""What a YOLO output means, as data."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.detectors import ModelError
from edge_agent.detectors.letterbox import Fit
from edge_agent.detectors.yolo import Head

PLAIN = Fit(1.0, 0, 0, (640, 640))
CLASSES = {0: "person", 2: "car"}


def output(*rows: tuple[list[float], dict[int, float]], boxes: int = 100) -> NDArray[np.float32]:
    """(1, 4 + 5, boxes) with ``rows`` of (cx, cy, w, h) and class scores; the rest is empty."""
    out = np.zeros((1, 9, boxes), np.float32)
    for column, (box, scores) in enumerate(rows):
        out[0, :4, column] = box
        for index, score in scores.items():
            out[0, 4 + index, column] = score
    return out


def test_centre_and_size_become_corners_best_first() -> None:
    found = Head.of(CLASSES, 0.25).decode(
        output(([100, 100, 20, 40], {0: 0.5}), ([300, 300, 60, 20], {2: 0.9})), PLAIN
    )
    assert found.labels == ("car", "person")
    assert found.boxes.tolist() == [[270, 290, 330, 310], [90, 80, 110, 120]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])
    assert found.size == (640, 640)
    assert (found.boxes.dtype, found.scores.dtype) == (np.float32, np.float32)


def test_classes_that_are_not_asked_for_and_weak_boxes_are_dropped() -> None:
    found = Head.of(CLASSES, 0.25).decode(
        output(([100, 100, 20, 40], {1: 0.9, 0: 0.2}), ([300, 300, 60, 20], {2: 0.24})), PLAIN
    )
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)


def test_of_boxes_of_one_label_that_overlap_the_best_stays() -> None:
    found = Head.of(CLASSES, 0.25).decode(
        output(([100, 100, 20, 40], {0: 0.5}), ([101, 101, 20, 40], {0: 0.8})), PLAIN
    )
    assert found.scores.tolist() == pytest.approx([0.8])


def test_boxes_of_different_labels_may_overlap() -> None:
    found = Head.of(CLASSES, 0.25).decode(
        output(([100, 100, 20, 40], {0: 0.5}), ([101, 101, 20, 40], {2: 0.8})), PLAIN
    )
    assert found.labels == ("car", "person")


def test_two_classes_of_one_label_are_one_object() -> None:
    found = Head.of({0: "person", 1: "person"}, 0.25).decode(
        output(([100, 100, 20, 40], {0: 0.5}), ([101, 101, 20, 40], {1: 0.8})), PLAIN
    )
    assert found.labels == ("person",)


def test_neighbours_stay_two() -> None:
    found = Head.of(CLASSES, 0.25).decode(
        output(([100, 100, 20, 40], {0: 0.5}), ([125, 100, 20, 40], {0: 0.8})), PLAIN
    )
    assert len(found) == 2


def test_a_box_wholly_in_the_grey_bar_is_nothing() -> None:
    fit = Fit(1.0, 0, 140, (640, 360))
    found = Head.of(CLASSES, 0.25).decode(output(([100, 50, 20, 40], {0: 0.9})), fit)
    assert len(found) == 0


@pytest.mark.parametrize("shape", [(1, 6, 100), (2, 84, 8400), (1, 8400, 84), (1, 84)])
def test_an_output_of_another_form_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match=r"expected an output of shape .* found \("):
        Head.of(CLASSES, 0.25).check(shape)


def test_the_forms_of_both_models_fit() -> None:
    Head.of(CLASSES, 0.25).check((1, 84, 8400))
    Head.of({0: "person", 1: "person"}, 0.25).check((1, 6, 8400))


def test_a_fallen_person_is_a_person_with_a_posture() -> None:
    head = Head.of({0: "person", 1: "person"}, 0.25, {1: "fallen"})
    found = head.decode(
        output(
            ([100, 100, 20, 40], {0: 0.5}),
            ([101, 101, 20, 40], {1: 0.8}),
            ([300, 300, 20, 40], {0: 0.6, 1: 0.4}),
        ),
        PLAIN,
    )
    assert found.labels == ("person", "person")
    assert [found.posture(row) for row in range(2)] == ["fallen", ""]
    assert Head.of(CLASSES, 0.25).decode(output(([9, 9, 4, 4], {0: 0.5})), PLAIN).posture(0) == ""
