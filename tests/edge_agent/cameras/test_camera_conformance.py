"""What every camera keeps to, on a real stream each: a recording, an RTSP server."""

import os
import random
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.cameras import CAMERAS, Camera, CameraError, Surroundings, camera, probe
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock
from edge_agent.types import Frame
from tests.support.rtsp import PACKAGES, RtspServer, installed

FPS = 20
PROGRAM = Path(__file__).parents[2] / "support" / "video_program.py"


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    return Surroundings(Clock().now, random.random, tmp_path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds that grow brighter: frame n has the grey 60 + 4 n."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (320, 240))
    for index in range(2 * FPS):
        writer.write(np.full((240, 320, 3), 60 + 4 * index, np.uint8))
    writer.release()
    return path


@pytest.fixture(params=sorted(CAMERAS))
def settings(
    request: pytest.FixtureRequest, clip: Path, tmp_path: Path
) -> Iterator[CameraSettings]:
    """A camera of each type that works; the left half is private."""
    match request.param:
        case "file":
            yield make({"type": "file", "path": str(clip), "loop": True})
        case "csi":
            command = [sys.executable, str(PROGRAM), "h264", "1000", str(FPS)]
            yield make({"type": "csi", "command": command})
        case "stills":
            for index in range(12):
                picture = np.full((240, 320, 3), 60 + 4 * index, np.uint8)
                cv2.imwrite(str(tmp_path / f"{index:03}.png"), picture)
            source = {"type": "stills", "folder": str(tmp_path), "interval": "50ms", "loop": True}
            yield make(source)
        case "usb":
            if not (device := os.environ.get("LINLI_TEST_CAMERA")):
                pytest.skip("USB camera: no hardware here; LINLI_TEST_CAMERA=/dev/video0 names one")
            yield make({"type": "usb", "device": device, "size": "320x240"})
        case "rtsp":
            if not installed():
                pytest.skip(f"RTSP server: install {PACKAGES}")
            with RtspServer() as server:
                yield make({"type": "rtsp", "url": server.url})
        case other:
            pytest.fail(f"a new camera type needs a stream here: {other}")


def make(source: dict[str, object]) -> CameraSettings:
    private = [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]
    return CameraSettings.model_validate(
        {"name": "gate", "source": source, "detector": "main", "privacy": private}
    )


def read_all(source: Camera, seconds: float = 20) -> list[Frame]:
    frames: list[Frame] = []
    until = time.monotonic() + seconds
    while not source.health().ended and time.monotonic() < until:
        frame = source.read(0.2)
        frames += [frame] if frame else []
    return frames


def test_a_working_camera(settings: CameraSettings, around: Surroundings) -> None:
    live = camera(settings, around)
    assert live.health().state == "starting"
    live.open()
    frames = [frame for _ in range(10) if (frame := live.read(10))]
    health = live.health()
    assert len(frames) == 10
    for frame in frames:
        assert frame.camera == "gate"
        assert frame.size == (320, 240)
        assert not frame.image[:, :160].any(), "privacy polygons are painted in every frame"
        assert frame.image[:, 164:].any()
        assert abs((frame.time - around.now().wall).total_seconds()) < 10
    for before, now in pairwise(frames):
        assert now.time > before.time
        assert now.index > before.index
    assert (health.state, health.code) == ("ok", "")
    assert health.frames >= 10
    assert health.frame_age_s is not None
    assert health.frame_age_s < 5
    assert set(health.drops) <= {"newest_wins", "decode_error"}
    live.close()
    assert live.read(5) is None


def test_who_reads_seldom_gets_the_newest_and_the_rest_is_counted(
    settings: CameraSettings, around: Surroundings
) -> None:
    live = camera(settings, around)
    live.open()
    first = live.read(10)
    while live.health().drops.get("newest_wins", 0) < 5:
        time.sleep(0.02)
    second = live.read(10)
    live.close()
    assert first is not None
    assert second is not None
    assert second.index - first.index > 5
    assert (second.time - first.time).total_seconds() > 5 / 30


def test_closing_a_camera_that_never_opened(settings: CameraSettings, around: Surroundings) -> None:
    camera(settings, around).close()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"type": "file", "path": "nothing.avi"}, "there is no file .*nothing.avi"),
        ({"type": "file", "path": "text.avi"}, "text.avi is no video that can be decoded"),
        ({"type": "rtsp", "url": "rtsp://127.0.0.1:1/x"}, "cannot be reached: Connection refused"),
        (
            {
                "type": "rtsp",
                "url": "rtsp://127.0.0.1:1/x",
                "username": "me",
                "password": "env:LINLI_TEST_NOT_SET",
            },
            "LINLI_TEST_NOT_SET: expected a secret",
        ),
    ],
)
def test_a_camera_that_cannot_open_says_why(
    source: dict[str, object], words: str, around: Surroundings
) -> None:
    (around.base / "text.avi").write_text("no video")
    with pytest.raises(CameraError, match=words) as caught:
        probe(make(source), around)
    assert caught.value.code == "cannot_open"


def test_every_frame_of_a_file_and_its_end(clip: Path, around: Surroundings) -> None:
    source = camera(make({"type": "file", "path": str(clip), "realtime": False}), around)
    source.open()
    frames = read_all(source)
    health = source.health()
    source.close()
    assert [frame.index for frame in frames] == list(range(2 * FPS))
    steps = {round((b.time - a.time).total_seconds(), 3) for a, b in pairwise(frames)}
    assert steps == {1 / FPS}
    greys = [int(frame.image[:, 200:].mean()) for frame in frames]
    assert greys == pytest.approx([60 + 4 * index for index in range(2 * FPS)], abs=3)
    assert (health.state, health.code, health.drops) == ("fault", "ended", {})


def test_a_loop_goes_on_in_time(clip: Path, around: Surroundings) -> None:
    looped = make({"type": "file", "path": str(clip), "realtime": False, "loop": True})
    source = camera(looped, around)
    source.open()
    frames = [frame for _ in range(5 * FPS) if (frame := source.read(5))]
    source.close()
    steps = [(b.time - a.time).total_seconds() for a, b in pairwise(frames)]
    assert len(frames) == 5 * FPS
    assert steps == pytest.approx([1 / FPS] * len(steps), abs=0.002)


def test_real_time_is_the_files_own_speed(clip: Path, around: Surroundings) -> None:
    """The times say when a frame was shown, and no frame is shown before its time."""
    source = camera(make({"type": "file", "path": str(clip)}), around)
    source.open()
    early = []
    until = time.monotonic() + 20
    while not source.health().ended and time.monotonic() < until:
        if frame := source.read(0.2):
            early.append((frame.time - around.now().wall).total_seconds())
    health = source.health()
    source.close()
    assert max(early) < 0.01
    assert health.frames == 2 * FPS
    assert len(early) + health.drops.get("newest_wins", 0) == 2 * FPS


def test_a_file_that_appears_later_is_opened(clip: Path, around: Surroundings) -> None:
    hasty = Surroundings(around.now, lambda: 0.0, around.base)
    source = camera(make({"type": "file", "path": "later.avi"}), hasty)
    source.open()
    while source.health().state != "fault":
        time.sleep(0.01)
    (around.base / "later.avi").write_bytes(clip.read_bytes())
    assert source.read(10) is not None
    assert source.health().state == "ok"
    source.close()
