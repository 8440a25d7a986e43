"""Pictures before and after: each with its own detections, none holds up the alarm."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from edge_agent.evidence import Door, Withheld
from edge_agent.evidence.strip import AFTER, BEFORE, KIND, MOST, Strip
from edge_agent.types import Detections, Frame, Image
from linli_contract.payloads import Picture

START = datetime(2026, 1, 1, tzinfo=UTC)


class Recorder:
    """A door that notes what passes."""

    def __init__(self) -> None:
        self.passed: list[tuple[int, float, tuple[int, int]]] = []
        self.withhold = False

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        assert detections.size == frame.size
        assert kind == KIND
        if self.withhold:
            raise Withheld("no")
        self.passed.append((frame.index, float(detections.boxes[0][0]), frame.size))
        return Picture(f"{frame.index:064d}", kind, *frame.size, 1)


def frame_at(index: int, step: float = 0.5) -> tuple[Frame, Detections]:
    image = np.zeros((720, 1280, 3), np.uint8)
    frame = Frame("gate", image, START + timedelta(seconds=index * step), index)
    box = np.array([[index, 10, index + 50, 200]], np.float32)
    return frame, Detections(box, np.ones(1, np.float32), ("person",), frame.size)


def watch(strip: Strip, indexes: range) -> None:
    for index in indexes:
        strip.see(*frame_at(index))


def indexes(pictures: tuple[Picture, ...]) -> list[int]:
    return [int(picture.sha256) for picture in pictures]


def test_three_before_and_three_after_a_second_apart() -> None:
    strip = Strip(Recorder())
    watch(strip, range(21))
    strip.begin("a", frame_at(20)[0].time)
    watch(strip, range(21, 41))
    assert indexes(strip.take("a", ended=False)) == [14, 16, 18, 22, 24, 26]
    assert strip.take("a", ended=True) == ()


def test_each_has_its_own_detections_scaled_with_it() -> None:
    door = Recorder()
    strip = Strip(door)
    watch(strip, range(5))
    strip.begin("a", frame_at(4)[0].time)
    watch(strip, range(5, 20))
    assert len(door.passed) == 2 + AFTER
    for index, left, size in door.passed:
        assert size == (640, 360)
        assert left == index / 2


def test_the_start_waits_for_no_picture_and_a_frame_makes_one_at_most() -> None:
    door = Recorder()
    strip = Strip(door)
    watch(strip, range(20))
    strip.begin("a", frame_at(19)[0].time)
    strip.begin("b", frame_at(19)[0].time)
    assert door.passed == []
    for index in range(20, 40):
        before = len(door.passed)
        watch(strip, range(index, index + 1))
        assert len(door.passed) <= before + 1
    assert indexes(strip.take("a", ended=False)) == indexes(strip.take("b", ended=False))


def test_what_ends_early_takes_what_there_is() -> None:
    strip = Strip(Recorder())
    watch(strip, range(20))
    strip.begin("a", frame_at(19)[0].time)
    assert len(strip.take("a", ended=True)) == BEFORE
    watch(strip, range(20, 40))
    assert strip.take("a", ended=True) == ()


def test_an_unknown_observation_has_none() -> None:
    assert Strip(Recorder()).take("a", ended=True) == ()


def test_strips_are_bounded_and_what_gives_way_is_counted() -> None:
    strip = Strip(Recorder())
    watch(strip, range(4))
    for number in range(MOST + 2):
        strip.begin(str(number), frame_at(3)[0].time)
    assert strip.dropped == 2
    assert strip.take("0", ended=True) == ()
    assert strip.take("2", ended=True) != ()


def test_a_picture_that_is_withheld_is_left_out_and_said() -> None:
    door = Recorder()
    strip = Strip(door)
    watch(strip, range(4))
    strip.begin("a", frame_at(3)[0].time)
    door.withhold = True
    with pytest.raises(Withheld):
        strip.see(*frame_at(4))
    door.withhold = False
    watch(strip, range(5, 20))
    assert 0 not in indexes(strip.take("a", ended=True))


def test_the_clock_that_goes_back_starts_anew() -> None:
    strip = Strip(Recorder())
    watch(strip, range(100, 110))
    watch(strip, range(4))
    strip.begin("a", frame_at(3)[0].time)
    assert indexes(strip.take("a", ended=True)) == [0, 2]


class Nobody:
    """Finds no face."""

    def find(self, image: Image) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        return np.zeros((0, 4), np.float32)

    find_turned = find


def test_every_picture_of_a_strip_passes_the_real_door(tmp_path: Path) -> None:
    strip = Strip(Door(Nobody(), {"gate": ()}, tmp_path))
    watch(strip, range(6))
    strip.begin("a", frame_at(5)[0].time)
    watch(strip, range(6, 20))
    names = {picture.sha256 for picture in strip.take("a", ended=True)}
    assert names == {file.stem for file in tmp_path.iterdir()}
