"""Frozen, black, covered, moved: synthetic pictures, and real footage on which none may show."""

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.cameras import Surroundings, camera, checks
from edge_agent.cameras.decoder import small_size
from edge_agent.cameras.file import open_video
from edge_agent.cameras.settings import CameraSettings, PictureChecks
from edge_agent.clock import Clock
from edge_agent.motion import small_grey
from edge_agent.types import Grey
from tests.support.clips import scene, with_visitor, write_clip

SETTINGS = PictureChecks()
HOUR = 3600


def noisy(small: Grey, second: int) -> Grey:
    noise = np.random.default_rng(second).integers(-2, 3, small.shape)
    return np.asarray(np.clip(small.astype(int) + noise, 0, 255), np.uint8)


def story(
    pictures: Iterable[Grey], settings: PictureChecks = SETTINGS, hidden: slice | None = None
) -> dict[str, list[int]]:
    """Seconds at which each fault showed, one picture a second."""
    state, found = checks.Watched(), {}
    open_: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None = None
    for second, small in enumerate(pictures):
        if open_ is None:
            open_ = np.ones(small.shape, bool)
            if hidden:
                open_[:, hidden] = False
        state, code = checks.look(state, small, open_, float(second), settings)
        if code:
            found.setdefault(code, []).append(second)
    return found


STREET = small_grey(scene(1, (640, 480)))
ELSEWHERE = small_grey(scene(2, (640, 480)))
SHIFTED = np.roll(STREET, 25, axis=1)


def live(seconds: int, small: Grey = STREET, start: int = 0) -> list[Grey]:
    return [noisy(small, start + second) for second in range(seconds)]


def test_a_working_camera_is_not_at_fault_all_day() -> None:
    def day(second: int) -> Grey:
        light = 0.6 + 0.4 * np.sin(second / 600)
        return noisy(np.asarray(STREET * light + 5, np.uint8), second)

    assert story(day(second) for second in range(HOUR)) == {}


def test_a_frozen_picture() -> None:
    found = story([*live(30), *[STREET] * 100, *live(10)])
    assert found == {"picture_frozen": list(range(91, 130))}


def test_a_black_picture() -> None:
    black = np.full(STREET.shape, 16, np.uint8)
    found = story([*live(20), *live(30, black), *live(20)])
    assert found == {"picture_black": list(range(30, 50))}


def test_a_dark_street_with_a_lamp_is_not_black() -> None:
    night = np.full(STREET.shape, 20, np.uint8)
    night[40:60, 50:70] = 150
    night[10:110:4] += 12
    assert story(live(60, night)) == {}


@pytest.mark.parametrize("hand", [60, 128, 230])
def test_a_covered_lens(hand: int) -> None:
    blurred = cv2.GaussianBlur(np.full(STREET.shape, hand, np.uint8), (31, 31), 0)
    found = story([*live(20), *live(30, np.asarray(blurred, np.uint8)), *live(20)])
    assert found == {"picture_covered": list(range(30, 50))}


@pytest.mark.parametrize("after", [ELSEWHERE, SHIFTED], ids=["elsewhere", "turned"])
def test_a_moved_camera_until_it_is_turned_back(after: Grey) -> None:
    found = story([*live(300), *live(300, after), *live(200)])
    assert list(found) == ["picture_moved"]
    assert 360 <= found["picture_moved"][0] <= 390
    assert 600 <= found["picture_moved"][-1] <= 630


def test_a_bus_that_waits_is_not_a_moved_camera() -> None:
    bus = STREET.copy()
    bus[20:100, 30:110] = ELSEWHERE[20:100, 30:110]
    assert story([*live(300), *live(600, bus)]) == {}


def test_a_short_look_elsewhere_is_no_fault() -> None:
    assert story([*live(300), *live(40, ELSEWHERE), *live(300)]) == {}


def test_privacy_polygons_are_not_looked_at() -> None:
    half = STREET.copy()
    half[:, :100] = 0
    assert story(live(60, half), hidden=slice(0, 103)) == {}
    everything = story([STREET] * 30, hidden=slice(None))
    assert everything == {}


def test_off_is_off() -> None:
    off = PictureChecks(moved_likeness="0%")
    assert story([*live(300), *live(300, ELSEWHERE)], off) == {}


@pytest.mark.parametrize("name", ["vtest.avi", "visitors.mp4", "bag.avi"])
def test_real_footage_shows_no_fault(shared: Path, name: str) -> None:
    recording, fps = open_video(shared / "media" / name)
    pictures, index = [], 0
    while recording.grab():
        if index % round(fps) == 0 and (image := recording.retrieve()) is not None:
            pictures.append(small_grey(image))
        index += 1
    recording.release()
    assert len(pictures) > 30
    assert story(pictures * 4) == {}, "also when it is played again and again"


def test_the_small_picture_is_what_the_whole_one_shows(tmp_path: Path) -> None:
    """It is made of the stream's luma; the gate compares it with pictures made of BGR."""
    shown = with_visitor(scene(), 0.3)
    path = write_clip(tmp_path / "a.mp4", lambda _: shown, 3)
    settings = CameraSettings.model_validate(
        {
            "name": "gate",
            "detector": "main",
            "source": {"type": "file", "path": str(path), "realtime": False},
            "privacy": [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]],
        }
    )
    live = camera(settings, Surroundings(Clock().now, lambda: 0.0))
    live.open()
    frame = live.read(10)
    live.close()
    assert frame is not None
    assert frame.small is not None
    assert frame.small.shape == small_size(320, 240)[::-1]
    assert not frame.small[:58, :78].any(), "privacy polygons are painted in it too"
    ours, whole = frame.small.astype(float).ravel(), small_grey(frame.image).astype(float).ravel()
    assert np.corrcoef(ours, whole)[0, 1] > 0.95


def play_until(
    path: Path, reached: Callable[[str], bool], checks_: dict[str, str]
) -> tuple[str, int]:
    settings = CameraSettings.model_validate(
        {
            "name": "gate",
            "detector": "main",
            "source": {"type": "file", "path": str(path), "realtime": False},
            "checks": checks_,
        }
    )
    live = camera(settings, Surroundings(Clock().now, lambda: 0.0))
    live.open()
    frames = 0
    while not live.health().ended:
        frames += live.read(0.2) is not None
        if reached(live.health().code):
            break
    code = live.health().code
    live.close()
    return code, frames


def test_a_camera_at_such_a_fault_is_red_and_still_gives_frames(tmp_path: Path) -> None:
    dark = np.full((240, 320, 3), 2, np.uint8)
    path = write_clip(tmp_path / "dark.mp4", lambda _: dark, 60, fps=2)
    code, frames = play_until(path, lambda code: code == "picture_black", {"black": "5s"})
    assert code == "picture_black"
    assert frames > 5
