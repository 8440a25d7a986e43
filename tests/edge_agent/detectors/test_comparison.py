"""Agreement and average precision, as data."""

import numpy as np
import pytest

from edge_agent.detectors.comparison import agreement, average_precision
from edge_agent.quantising import Figures, Gate
from edge_agent.types import Detections

HERE, THERE = [0, 0, 10, 10], [50, 50, 60, 70]


def seen(*rows: tuple[list[float], float, str]) -> Detections:
    boxes = np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([score for _, score, _ in rows], np.float32)
    return Detections(boxes, scores, tuple(label for _, _, label in rows), (100, 100))


def boxes(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_agreement_is_the_share_of_boxes_with_a_partner() -> None:
    both = seen((HERE, 0.9, "person"), (THERE, 0.8, "car"))
    assert agreement([both], [both]) == 1.0
    assert agreement([both], [seen((HERE, 0.3, "person"))]) == pytest.approx(2 / 3)
    assert agreement([both], [seen((HERE, 0.9, "car"))]) == 0.0
    assert agreement([seen()], [seen()]) == 1.0
    assert agreement([both, seen()], [seen(), both]) == 0.0  # frame by frame


def test_a_box_has_one_partner() -> None:
    twice = seen((HERE, 0.9, "person"), (HERE, 0.8, "person"))
    assert agreement([twice], [seen((HERE, 0.9, "person"))]) == pytest.approx(2 / 3)


def test_average_precision_of_all_found_is_one() -> None:
    found = [seen((HERE, 0.9, "person"), (THERE, 0.2, "person")), seen((HERE, 0.5, "person"))]
    assert average_precision(found, [boxes(HERE, THERE), boxes(HERE)]) == pytest.approx(1.0)


def test_a_false_box_costs_by_how_sure_it_is() -> None:
    truth = [boxes(HERE)]
    weak = [seen((HERE, 0.9, "person"), (THERE, 0.1, "person"))]
    sure = [seen((HERE, 0.5, "person"), (THERE, 0.9, "person"))]
    assert average_precision(weak, truth) == pytest.approx(1.0)
    assert average_precision(sure, truth) == pytest.approx(0.5)


def test_what_is_missed_found_twice_or_of_another_label_does_not_count() -> None:
    assert average_precision([seen((HERE, 0.9, "person"))], [boxes(HERE, THERE)]) == 0.5
    twice = [seen((HERE, 0.9, "person"), (HERE, 0.8, "person"))]
    assert average_precision(twice, [boxes(HERE, THERE)]) == 0.5
    assert average_precision([seen((HERE, 0.9, "car"))], [boxes(HERE)]) == 0.0
    assert average_precision([seen()], [boxes(HERE)]) == 0.0


def test_the_gate_goes_by_truth_where_there_is_one() -> None:
    gate = Gate(agreement=0.8, map_loss=0.02)
    assert Figures(0.8).passes(gate)
    assert not Figures(0.79).passes(gate)
    assert Figures(0.1, 0.50, 0.49).passes(gate)
    assert not Figures(1.0, 0.50, 0.47).passes(gate)
