"""Things put down in made pictures: what is one, and what is not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.still_objects import StillObjects
from edge_agent.types import UNKNOWN_KIND, Detections, Frame, Image

T0 = datetime(2026, 3, 2, tzinfo=UTC)
BAG = (300, 200, 340, 240)
Paint = Callable[[NDArray[np.float64], float], None]


def ground() -> NDArray[np.float64]:
    """640 x 360, grey slabs with joints."""
    picture = np.full((360, 640, 3), 120.0)
    picture[::40], picture[:, ::40] = 100, 100
    return picture


def block(picture: NDArray[np.float64], box: tuple[int, int, int, int], level: float) -> None:
    picture[box[1] : box[3], box[0] : box[2]] = level


def look(paint: Paint, seconds: float, fps: float = 5, seed: int = 1) -> list[Detections]:
    """What is found in each frame of a noisy camera."""
    eye, dice = StillObjects(), np.random.default_rng(seed)
    found: list[Detections] = []
    for index in range(round(seconds * fps)):
        picture = ground()
        paint(picture, index / fps)
        noisy = picture + dice.normal(0, 3, picture.shape)
        image: Image = np.clip(noisy, 0, 255).astype(np.uint8)
        time = T0 + timedelta(seconds=index / fps)
        found.append(eye.submit(Frame("gate", image, time, index)).result(timeout=0))
    return found


def bag_from(second: float, level: float = 30) -> Paint:
    return lambda picture, at: block(picture, BAG, level) if at >= second else None


@pytest.mark.parametrize("fps", [1, 5])
@pytest.mark.parametrize("level", [20, 70, 230])
def test_a_bag_is_found_where_it_stands(fps: float, level: float) -> None:
    found = look(bag_from(5, level), 20, fps)
    assert all(len(one) == 0 for one in found[: round(7 * fps) - 1])
    for one in found[round(9 * fps) :]:
        assert one.labels == (UNKNOWN_KIND,)
        assert one.size == (640, 360)
        assert 0.5 <= one.scores[0] <= 1
        assert one.boxes[0] == pytest.approx(BAG, abs=8)


def test_it_stays_found_and_is_gone_when_taken_away() -> None:
    def paint(picture: NDArray[np.float64], at: float) -> None:
        if 5 <= at < 60:
            block(picture, BAG, 30)

    found = look(paint, 80, 2)
    assert all(len(one) == 1 for one in found[20:120])
    assert all(len(one) == 0 for one in found[120:])


def test_what_stood_there_at_first_and_is_taken_away_is_nothing() -> None:
    def paint(picture: NDArray[np.float64], at: float) -> None:
        if at < 5:
            block(picture, BAG, 30)

    assert all(len(one) == 0 for one in look(paint, 40, 2))


def test_in_its_place_another_thing_is_found_again() -> None:
    """What was behind has been learned."""

    def paint(picture: NDArray[np.float64], at: float) -> None:
        if at < 5:
            block(picture, BAG, 30)
        if at >= 30:
            block(picture, BAG, 220)

    found = look(paint, 40, 2)
    assert all(len(one) == 0 for one in found[:60])
    assert len(found[-1]) == 1


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_light_that_changes_is_nothing(factor: float) -> None:
    def paint(picture: NDArray[np.float64], at: float) -> None:
        if at >= 5:
            picture *= factor

    assert all(len(one) == 0 for one in look(paint, 20))


def test_light_that_fades_slowly_does_not_hide_a_bag() -> None:
    def paint(picture: NDArray[np.float64], at: float) -> None:
        bag_from(5)(picture, at)
        picture *= 1 - 0.4 * at / 60

    assert all(len(one) == 1 for one in look(paint, 60, 2)[20:])


def test_who_walks_is_nothing() -> None:
    def paint(picture: NDArray[np.float64], at: float) -> None:
        x = round(40 * at)
        block(picture, (x, 150, x + 40, 260), 40)

    assert all(len(one) == 0 for one in look(paint, 14))


def test_another_view_is_learned_anew() -> None:
    def paint(picture: NDArray[np.float64], at: float) -> None:
        if at >= 5:
            picture[:, :] = 200
            picture[::17] = 90
        if at >= 15:
            block(picture, BAG, 30)

    found = look(paint, 30)
    assert all(len(one) == 0 for one in found[:75])
    assert len(found[-1]) == 1


def test_small_and_large_things_are_nothing() -> None:
    def small(picture: NDArray[np.float64], at: float) -> None:
        if at >= 5:
            block(picture, (300, 200, 308, 208), 30)

    def large(picture: NDArray[np.float64], at: float) -> None:
        if at >= 5:
            block(picture, (100, 50, 400, 300), 30)

    assert all(len(one) == 0 for one in look(small, 20, 2))
    assert all(len(one) == 0 for one in look(large, 20, 2))


def test_a_clock_set_back_and_another_size_begin_anew() -> None:
    eye = StillObjects()
    for number, (time, size) in enumerate([(T0, 4), (T0 - timedelta(hours=1), 4), (T0, 8)]):
        image = np.full((90 * size, 160 * size, 3), 40 * number, np.uint8)
        assert len(eye.submit(Frame("gate", image, time, number)).result(timeout=0)) == 0
