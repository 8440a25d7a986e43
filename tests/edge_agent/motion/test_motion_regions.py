"""Regions around motion, as data: where to look closely, how often, and where not."""

from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_agent.cameras.settings import RegionSettings
from edge_agent.motion_regions import MotionRegions, Part, part_of
from edge_agent.types import Detections, Frame

T0 = datetime(2026, 1, 1, tzinfo=UTC)
WIDE, TALL = 1920, 1080
LEFT_HALF = ((0.0, 0.0), (0.4, 0.0), (0.4, 1.0), (0.0, 1.0))


class Nobody:
    """Is asked for nothing here."""

    def submit(self, frame: Frame) -> Future[Detections]:
        raise AssertionError


def seen(*boxes: tuple[float, float, float, float], score: float = 0.9) -> Detections:
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), score, np.float32),
        ("person",) * len(boxes),
        (WIDE, TALL),
    )


class Scene:
    """A grey frame with white people of 16 x 40 pixels, four frames a second."""

    def __init__(
        self, zones: tuple[tuple[tuple[float, float], ...], ...] = (), **more: int
    ) -> None:
        settings = RegionSettings(enabled=True, **more)
        self.regions = MotionRegions(settings, zones, Nobody())
        self.index = -1
        self.frame = self.next()
        self.regions.stirs(self.frame)

    def next(self, *people: tuple[int, int]) -> Frame:
        self.index += 1
        image = np.full((TALL, WIDE, 3), 90, np.uint8)
        for x, y in people:
            image[y - 40 : y, x - 8 : x + 8] = 220
        self.frame = Frame("gate", image, T0 + timedelta(seconds=self.index / 4), self.index)
        return self.frame

    def parts(self, *people: tuple[int, int], found: Detections | None = None) -> list[Part]:
        return self.regions.parts(self.next(*people), found or seen())


def holds(part: Part, x: int, y: int) -> bool:
    return part[0] <= x - 8 and part[1] <= y - 40 and part[2] >= x + 8 and part[3] >= y


def test_a_still_scene_is_not_looked_at_closely() -> None:
    scene = Scene()
    assert [scene.parts() for _ in range(5)] == [[]] * 5
    assert not scene.regions.stirs(scene.next())


@pytest.mark.parametrize(("x", "y"), [(960, 540), (20, 60), (1900, 1070), (1200, 45)])
def test_a_part_of_full_resolution_lies_around_what_moves(x: int, y: int) -> None:
    scene = Scene()
    (part,) = scene.parts((x, y))
    assert holds(part, x, y)
    assert (part[2] - part[0], part[3] - part[1]) == (640, 640)
    assert min(part) >= 0
    assert part[2] <= WIDE
    assert part[3] <= TALL
    close = part_of(scene.frame, part)
    assert close.image.shape == (640, 640, 3)
    assert (close.image == 220).all(axis=2).sum() == 16 * 40
    assert (close.camera, close.index, close.time) == ("gate", 1, scene.frame.time)


def test_two_who_are_near_share_a_part() -> None:
    assert len(Scene().parts((900, 500), (1000, 540))) == 1


def test_there_are_at_most_so_many_parts_and_all_get_their_turn() -> None:
    corners = [(100, 100), (1800, 100), (100, 1000), (1800, 1000), (960, 540)]
    scene = Scene(most=2)
    looked: list[int] = []
    for step in range(5):
        people = [(x + 4 * step, y) for x, y in corners]
        parts = scene.parts(*people)
        assert len(parts) == 2
        looked += [n for n, who in enumerate(people) if any(holds(p, *who) for p in parts)]
    assert [looked.count(n) for n in range(5)] == [2] * 5


def test_all_get_their_turn_after_a_decoder_was_replaced_too() -> None:
    """The new one counts its frames from 0."""
    scene, places = Scene(most=1), [(300, 300), (1500, 900)]
    looked: list[int] = []
    for index in [1000, 1001, 1002, 0, 1, 2, 3]:
        people = [(x + 4 * len(looked), y) for x, y in places]
        frame = replace(scene.next(*people), index=index)
        (part,) = scene.regions.parts(frame, seen())
        looked += [n for n, who in enumerate(people) if holds(part, *who)]
    assert looked == [0, 1, 0, 1, 0, 1, 0]


def test_motion_that_the_whole_frame_explains_is_not_looked_at() -> None:
    assert Scene().parts((960, 540), found=seen((945, 495, 975, 545))) == []
    # a guess explains nothing: it is what a closer look is for
    assert len(Scene().parts((960, 540), found=seen((945, 495, 975, 545), score=0.2))) == 1


def test_motion_outside_all_zones_is_not_looked_at() -> None:
    scene = Scene((LEFT_HALF,))
    assert scene.parts((1500, 540)) == []
    assert len(scene.parts((500, 540))) == 1
    scene.regions.watch([((0.6, 0.0), (1.0, 0.0), (1.0, 1.0))])
    (part,) = scene.parts((500, 540), (1500, 540))
    assert holds(part, 1500, 540)


def test_who_was_found_closely_and_stops_is_looked_at_as_long_as_found() -> None:
    scene = Scene()
    who, box = (960, 540), np.array([[950, 498, 970, 541]], np.float32)
    scene.parts(who)
    for _ in range(400):  # long enough to be part of the background
        (part,) = scene.parts(who)
        assert holds(part, *who)
        scene.regions.found(box, scene.frame)
    scene.regions.found(np.zeros((0, 4), np.float32), scene.frame)
    assert scene.parts(who) == []


def test_a_change_of_the_light_does_not_hide_who_walks() -> None:
    """What fills the frame gets its look, then others do."""
    scene = Scene(most=1)
    bright = scene.next()
    bright.image[:] = 160
    scene.regions.parts(bright, seen())
    parts = []
    for step in range(60):
        frame = scene.next()
        frame.image[:] = 160
        x = 300 + 4 * step
        frame.image[500:540, x : x + 16] = 255
        parts += [(part, x + 8) for part in scene.regions.parts(frame, seen())]
    assert any(holds(part, x, 540) for part, x in parts)


def test_a_clock_set_back_begins_anew() -> None:
    scene = Scene()
    early = Frame("gate", scene.next((960, 540)).image, T0 - timedelta(days=1), 99)
    assert scene.regions.parts(early, seen()) == []
