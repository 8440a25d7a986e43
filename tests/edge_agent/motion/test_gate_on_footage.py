"""Real footage through the flow with the gate and without: the same events, fewer looks.

The detector looks at every frame once; both runs then read what it saw.
"""

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from edge_agent.behaviours import watchers
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.cameras import CameraCounters
from edge_agent.cameras.file import open_video
from edge_agent.cameras.settings import CameraSettings, MotionSettings
from edge_agent.clock import Clock
from edge_agent.detectors import open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.flow import CameraFlow
from edge_agent.motion import MotionGate, small_grey
from edge_agent.tracking import byte_tracker
from edge_agent.types import Detections, Frame, Observed
from linli_contract.payloads import Phase, Picture
from tests.conftest import SHARED

T0 = datetime(2026, 3, 1, tzinfo=UTC)
STEP = 3
"""Every third frame: 3.3 a second."""
SECONDS = 75.0
"""three visits and the emptiness between them"""
ZONE = {
    "name": "table",
    "polygon": [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]],
    "behaviours": [{"type": "intrusion", "dwell": "3s"}],
}
MOTION = MotionSettings.model_validate({"settle": "1s"})
"""Shorter than by default: more is held."""
Seen = list[tuple[Frame, Detections]]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    if not SHARED.is_dir():
        pytest.skip("no folder shared/ beside the project (footage and models)")
    cache = str(tmp_path_factory.mktemp("cache"))
    env = {"LINLI_MODELS": str(SHARED / "models"), "LINLI_CACHE": cache}
    detector = open_detector(OpenVinoSettings(type="openvino", name="main", model="yolo11n"), env)
    found = [
        # the gate needs no more of a frame than its small picture
        (replace(frame, image=frame.image[:1, :1]), detector.submit(frame).result())
        for frame in _frames(SHARED / "media" / "visitors.mp4")
    ]
    detector.close()
    return found


def _frames(path: Path) -> Iterator[Frame]:
    recording, fps = open_video(path)
    for index in count():
        if index / fps > SECONDS or not recording.grab():
            break
        image = recording.retrieve() if index % STEP == 0 else None
        if image is not None:
            at = T0 + timedelta(seconds=index / fps)
            yield Frame("room", image, at, index, small_grey(image))
    recording.release()


class Played:
    """A camera that gives the frames of a recording."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = list(frames)

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame | None:
        return self._frames.pop(0) if self._frames else None

    def health(self) -> CameraCounters:
        return CameraCounters("ok", ended=not self._frames)

    def close(self) -> None: ...


class Remembered:
    """The detector's answers, and how often it was asked."""

    def __init__(self, seen: Seen) -> None:
        self._answers = {frame.index: detections for frame, detections in seen}
        self.asked: list[int] = []

    def submit(self, frame: Frame) -> Future[Detections]:
        self.asked.append(frame.index)
        future: Future[Detections] = Future()
        future.set_result(self._answers[frame.index])
        return future


class NoPicture:
    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        return Picture("00" * 32, kind, *frame.size, 1)


def play(seen: Seen, motion: MotionSettings) -> tuple[list[Observed], list[int]]:
    zone = ZoneSettings.model_validate(ZONE)
    settings = CameraSettings.model_validate(
        {
            "name": "room",
            "detector": "main",
            "source": {"type": "file", "path": "unused.mp4"},
            "zones": [ZONE],
        }
    )
    said: list[Observed] = []
    numbers, detector = count(1), Remembered(seen)
    flow = CameraFlow(
        settings,
        Played([frame for frame, _ in seen]),
        detector,
        byte_tracker(),
        watchers([zone], lambda: f"o{next(numbers)}"),
        NoPicture(),
        said.append,
        Clock().now,
        random.random,
        MotionGate(motion, [zone.polygon]),
    )
    flow.start()
    until = time.monotonic() + 200
    while not flow.join(0.1):
        assert time.monotonic() < until
    return said, detector.asked


def test_the_same_events_with_fewer_looks(seen: Seen) -> None:
    plain, every = play(seen, MotionSettings(enabled=False))
    gated, looks = play(seen, MOTION)
    assert len(every) >= len(seen)
    assert len(looks) < 0.9 * len(seen), "the room is empty for a part of the time"
    story = [(o.event_type, o.payload.phase) for o in plain]
    assert story.count(("intrusion", Phase.START)) == 3
    assert [(o.event_type, o.payload.phase) for o in gated] == story
    for one, other in zip(plain, gated, strict=True):
        assert abs((one.time - other.time).total_seconds()) <= 0.4, (one, other)


def test_the_default_settings_change_nothing_either(seen: Seen) -> None:
    plain, _ = play(seen, MotionSettings(enabled=False))
    gated, _ = play(seen, MotionSettings())
    assert [(o.time, o.payload.phase) for o in gated] == [(o.time, o.payload.phase) for o in plain]
