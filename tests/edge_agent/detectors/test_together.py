"""Several detectors on one camera, as data and with real futures."""

from concurrent.futures import Future
from datetime import UTC, datetime

import numpy as np
import pytest

from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.cameras.settings import CameraSettings
from edge_agent.detectors import ModelError
from edge_agent.detectors.together import Together, merged
from edge_agent.looking import looking, watches_for_objects
from edge_agent.types import FALLEN, UNKNOWN_KIND, Detections, Frame

Row = tuple[str, tuple[float, float, float, float], float]
FRAME = Frame("gate", np.zeros((90, 160, 3), np.uint8), datetime(2026, 1, 1, tzinfo=UTC), 0)


def seen(*rows: Row, postures: tuple[str, ...] = ()) -> Detections:
    return Detections(
        np.array([box for _, box, _ in rows], np.float32).reshape(-1, 4),
        np.array([score for _, _, score in rows], np.float32),
        tuple(label for label, _, _ in rows),
        (160, 90),
        postures,
    )


class Asked:
    """A detector whose answer the test gives."""

    def __init__(self, *labels: str) -> None:
        self.labels = labels
        self.future: Future[Detections] = Future()

    def submit(self, frame: Frame) -> Future[Detections]:
        return self.future


def test_what_both_see_is_one_with_the_first_box_and_the_posture() -> None:
    first = seen(("person", (10, 10, 30, 70), 0.8), ("car", (80, 10, 150, 50), 0.9))
    second = seen(("person", (8, 5, 36, 75), 0.9), postures=(FALLEN,))
    both = merged([first, second])
    assert both.labels == ("person", "car")
    assert both.boxes.tolist() == first.boxes.tolist()
    assert [both.posture(row) for row in range(2)] == [FALLEN, ""]


def test_what_only_the_second_sees_is_added() -> None:
    second = seen(("person", (8, 5, 36, 75), 0.9), ("fire", (50, 5, 60, 20), 0.5))
    both = merged([seen(("car", (8, 5, 36, 75), 0.9)), second])
    assert both.labels == ("car", "person", "fire")
    assert both.scores.tolist() == pytest.approx([0.9, 0.9, 0.5])
    assert both.postures == ()


def test_neighbours_are_paired_each_with_the_nearest() -> None:
    first = seen(("person", (0, 0, 20, 60), 0.8), ("person", (14, 0, 34, 60), 0.7))
    second = seen(
        ("person", (15, 0, 35, 60), 0.9), ("person", (1, 0, 21, 60), 0.9), postures=(FALLEN, "")
    )
    both = merged([first, second])
    assert len(both) == 2
    assert [both.posture(row) for row in range(2)] == ["", FALLEN]


def test_nothing_and_nothing_is_nothing() -> None:
    assert len(merged([seen(), seen(), seen()])) == 0
    assert merged([seen(), seen(("person", (0, 0, 9, 9), 0.5))]).labels == ("person",)


def test_a_thing_of_unknown_kind_in_a_known_one_is_that_one() -> None:
    person = seen(("person", (40, 10, 60, 70), 0.8))
    things = seen(
        (UNKNOWN_KIND, (45, 50, 58, 70), 0.9),  # the person's legs
        (UNKNOWN_KIND, (55, 60, 75, 75), 0.9),  # a bag beside
    )
    both = merged([person, things])
    assert both.labels == ("person", UNKNOWN_KIND)
    assert both.boxes[1].tolist() == [55, 60, 75, 75]


def test_it_answers_when_all_have() -> None:
    one, other = Asked("person", "car"), Asked("person", "fire")
    together = Together([one, other])
    assert together.labels == ("person", "car", "fire")
    whole = together.submit(FRAME)
    other.future.set_result(seen(("fire", (1, 1, 5, 5), 0.6)))
    assert not whole.done()
    one.future.set_result(seen(("person", (10, 10, 30, 70), 0.8)))
    assert whole.result(timeout=0).labels == ("person", "fire")


def test_it_fails_with_the_one_that_fails() -> None:
    one, other = Asked("person"), Asked("fire")
    whole = Together([one, other]).submit(FRAME)
    one.future.set_exception(ModelError("model: inference failed"))
    other.future.set_result(seen())
    with pytest.raises(ModelError, match="inference failed"):
        whole.result(timeout=0)


def camera(*behaviours: dict[str, object]) -> CameraSettings:
    zone = {"name": "yard", "polygon": [[0, 0], [1, 0], [1, 1]], "behaviours": list(behaviours)}
    return CameraSettings(
        name="gate",
        source={"type": "file", "path": "a.avi"},
        detector="main",
        zones=[ZoneSettings.model_validate(zone)],
    )


def test_things_put_down_are_looked_for_where_a_zone_wants_them() -> None:
    one = Asked("person")
    plain = camera({"type": "intrusion"})
    assert looking(plain, [one]) is one
    assert looking(camera({"type": "abandoned_object"}), [one]).labels == ("person", UNKNOWN_KIND)
    only_bags = camera({"type": "abandoned_object", "labels": ["suitcase"]})
    assert not watches_for_objects(only_bags)
    assert looking(plain, [one, Asked("fire")]).labels == ("person", "fire")
