"""Regions around motion in the flow: real people, so far away that the whole frame misses them."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.behaviours import watchers
from edge_agent.cameras import CameraCounters
from edge_agent.cameras.settings import CameraSettings, RegionSettings
from edge_agent.clock import Clock, Moment
from edge_agent.detectors import Detector, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.evaluate.clip import open_clip
from edge_agent.flow import CameraFlow
from edge_agent.motion_regions import MotionRegions
from edge_agent.replaceable import SharedDetector
from edge_agent.schedules import Duty
from edge_agent.station import Station
from edge_agent.tracking import byte_tracker
from edge_agent.turns import Turns
from edge_agent.types import Detections, Frame, Observed
from linli_contract.payloads import Phase, Picture

FRAMES = 60
RATE = 5.0
WIDE, TALL = 1920, 1080
PLACE = (1100, 300)
"""Where the far scene lies in the large one, pixels."""
SHARE = 0.3
"""Its size: people are about 21 pixels high, seven in the model's input."""
SETTINGS = CameraSettings.model_validate(
    {
        "name": "far",
        "source": {"type": "file", "path": "unused.avi", "realtime": False},
        "detector": "main",
        "motion": {"enabled": False},
        "zones": [
            {
                "name": "campus",
                "polygon": [[0.5, 0.2], [0.8, 0.2], [0.8, 0.6], [0.5, 0.6]],
                "behaviours": [{"type": "intrusion", "dwell": "3s"}],
            }
        ],
    }
)


def far(frame: Frame, around: np.ndarray) -> Frame:
    """The scene of ``frame``, small in a large one that is out of focus."""
    small = cv2.resize(frame.image, None, fx=SHARE, fy=SHARE, interpolation=cv2.INTER_AREA)
    image = around.copy()
    x, y = PLACE
    image[y : y + small.shape[0], x : x + small.shape[1]] = small
    return replace(frame, image=image, camera="far", small=None)


class FarCamera:
    """Gives each frame once, as fast as it is taken."""

    def __init__(self, clip: Path) -> None:
        self._clip = clip
        self._ended = False
        self._frames = self._all()

    def _all(self) -> Iterator[Frame]:
        with open_clip(self._clip) as opened:
            frames = opened.frames(RATE)
            first = next(frames)
            blurred = cv2.GaussianBlur(cv2.resize(first.image, (WIDE, TALL)), (0, 0), 25)
            yield far(first, blurred)
            for _ in range(FRAMES - 1):
                yield far(next(frames), blurred)

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame | None:
        frame = next(self._frames, None)
        self._ended = frame is None
        return frame

    def health(self) -> CameraCounters:
        if self._ended:
            return CameraCounters("fault", "ended", frame_age_s=0.0, ended=True)
        return CameraCounters("ok", frame_age_s=0.0)

    def close(self) -> None:
        self._frames.close()  # type: ignore[attr-defined]  # a generator has it


class Counting:
    """The detector, and the sizes of what it was shown."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.labels = detector.labels
        self.shown: list[tuple[int, tuple[int, int]]] = []

    def submit(self, frame: Frame) -> Future[Detections]:
        self.shown.append((frame.index, frame.size))
        return self._detector.submit(frame)


class CountedTurns(Turns):
    """Turns, and how many there were."""

    def __init__(self) -> None:
        super().__init__(lambda: Moment(Clock().now().wall, 0.0))
        self.ended = 0

    def done(self) -> None:
        self.ended += 1
        super().done()


class NoPicture:
    """Pictures have tests of their own."""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        return Picture("00" * 32, kind, *frame.size, 1)


@pytest.fixture(scope="module")
def detector(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Detector]:
    env = {"LINLI_MODELS": str(shared / "models"), "LINLI_CACHE": str(tmp_path_factory.mktemp("c"))}
    opened = open_detector(OpenVinoSettings(type="openvino", name="main", model="yolo11n"), env)
    yield opened
    opened.close()


def played(
    shared: Path, detector: Detector, regions: RegionSettings | None
) -> tuple[list[Observed], Counting, CountedTurns]:
    said: list[Observed] = []
    numbers, counting, turns = count(1), Counting(detector), CountedTurns()
    outlines = [zone.polygon for zone in SETTINGS.zones]
    flow = CameraFlow(
        SETTINGS,
        FarCamera(shared / "media" / "vtest.avi"),
        counting,
        byte_tracker(),
        watchers(SETTINGS.zones, lambda: f"o{next(numbers)}"),
        NoPicture(),
        said.append,
        Clock().now,
        random.Random(1).random,
        turns=turns,
        regions=MotionRegions(regions, outlines, counting) if regions else None,
    )
    flow.start()
    assert flow.join(120)
    return said, counting, turns


@pytest.mark.timeout(300)
def test_people_whom_the_whole_frame_misses_are_found(shared: Path, detector: Detector) -> None:
    said, counting, turns = played(shared, detector, None)
    assert said == []
    assert [index for index, _ in counting.shown] == sorted({i for i, _ in counting.shown})
    assert turns.ended == FRAMES

    said, counting, turns = played(shared, detector, RegionSettings(enabled=True))
    starts = [one for one in said if one.payload.phase is Phase.START]
    assert len(starts) >= 2
    for start in starts:
        x1, y1, x2, y2 = start.payload.boxes[0]
        assert PLACE[0] / WIDE <= x1 < x2 <= (PLACE[0] + SHARE * 768 + 1) / WIDE
        assert 8 / TALL < y2 - y1 < 60 / TALL
    whole = [row for row in counting.shown if row[1] == (WIDE, TALL)]
    parts = [row for row in counting.shown if row[1] == (640, 640)]
    assert len(whole) == FRAMES
    assert len(whole) + len(parts) == len(counting.shown) == turns.ended
    per_frame = [sum(1 for index, _ in parts if index == frame) for frame, _ in whole]
    assert 0 < max(per_frame) <= 2


class SeesNothing:
    """Notes what it is shown."""

    labels: tuple[str, ...] = ("person",)
    requests = 1

    def __init__(self) -> None:
        self.sizes: set[tuple[int, int]] = set()
        self.enough = threading.Event()

    def submit(self, frame: Frame) -> Future[Detections]:
        self.sizes.add(frame.size)
        if frame.index > 20:
            self.enough.set()
        future: Future[Detections] = Future()
        none = np.zeros((0, 4), np.float32)
        future.set_result(Detections(none, np.zeros(0, np.float32), (), frame.size))
        return future

    def close(self) -> None: ...


@pytest.mark.parametrize("regions", [None, {"enabled": True, "zoom": 3}])
def test_a_camera_looks_closely_where_its_settings_say_so(
    shared: Path, regions: dict[str, object] | None
) -> None:
    source = {"type": "file", "path": shared / "media" / "vtest.avi", "realtime": False}
    settings = CameraSettings.model_validate(
        SETTINGS.model_dump(mode="json", exclude={"source", "regions", "zones"})
        | {"source": source}
        | ({"regions": regions} if regions else {})
    )
    eye = SeesNothing()
    now = Clock().now
    station = Station(
        settings, [SharedDetector(eye, now)], NoPicture(), lambda _: None, now, shared, Duty()
    )
    station.start()
    assert eye.enough.wait(60)
    station.stop()
    assert station.join(20)
    assert eye.sizes == ({(768, 576), (256, 256)} if regions else {(768, 576)})
