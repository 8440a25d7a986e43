"""A camera's whole journey: what it makes of the processor, and how soon an event is on the disk.

Run it on a quiet machine: the roofline is measured part by part, so whatever else runs then or
later moves the ratio.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest

from edge_agent.behaviours import Watcher, watchers
from edge_agent.cameras import Surroundings, camera
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock, new_id
from edge_agent.detectors import Detector, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.events import observation_draft
from edge_agent.evidence import ShutDoor
from edge_agent.flow import CameraFlow
from edge_agent.motion import MotionGate, share_changed, small_grey
from edge_agent.outbox import Database, Outbox
from edge_agent.replaceable import SharedDetector
from edge_agent.tracking import byte_tracker
from edge_agent.turns import Turns
from edge_agent.types import Frame, Image, Observed, Track
from linli_contract.payloads import Observation, Phase
from tests.bench.conftest import Record
from tests.support.clips import scene, with_visitor, write_clip

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]
CAMERAS = 4
SIZE = (640, 480)
FPS = 10
FRAMES = int(os.environ.get("LINLI_BENCH_FRAMES", "150"))
LOOKS = 60
CLOCK = Clock()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 as a substream has it; somebody walks, so that no frame may be skipped."""
    still = scene(2, SIZE)

    def picture(index: int) -> Image:
        return with_visitor(still, 0.9 * (index % 60) / 60)

    path = tmp_path_factory.mktemp("walk") / "walk.mp4"
    return write_clip(path, picture, FRAMES, FPS, keyframes=2 * FPS, b_frames=0)


@pytest.fixture
def detect(shared: Path) -> Callable[[str], Detector]:
    env = {"LINLI_MODELS": str(shared / "models"), "HOME": str(Path.home())}

    def opened(hint: str) -> Detector:
        given = {"type": "openvino", "name": "m", "model": "yolo11n", "hint": hint}
        return open_detector(OpenVinoSettings.model_validate(given), env)

    return opened


def settings_of(clip: Path, name: str, realtime: bool) -> CameraSettings:
    square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    zone = {"name": "yard", "polygon": square, "behaviours": [{"type": "intrusion", "dwell": "2s"}]}
    source = {"type": "file", "path": str(clip), "realtime": realtime}
    given = {"name": name, "source": source, "detector": "m", "zones": [zone]}
    return CameraSettings.model_validate({**given, "evidence": {"pictures": False}})


def flow_of(
    settings: CameraSettings,
    detector: SharedDetector,
    emit: Callable[[Observed], None],
    watch: Sequence[Watcher] | None = None,
) -> CameraFlow:
    gate = MotionGate(settings.motion, [zone.polygon for zone in settings.zones])
    return CameraFlow(
        settings,
        camera(settings, Surroundings(CLOCK.now, random.random), gate),
        detector,
        byte_tracker(),
        watch or watchers(settings.zones, new_id),
        ShutDoor("no pictures here"),
        emit,
        CLOCK.now,
        random.random,
        gate,
        detector.turns,
    )


def whole(clip: Path, opened: Detector) -> float:
    """Frames a second that four cameras together bring through the whole flow."""
    shared = SharedDetector(opened, CLOCK.now, Turns(CLOCK.now))
    flows = [
        flow_of(settings_of(clip, f"c{n}", realtime=False), shared, lambda _: None)
        for n in range(CAMERAS)
    ]
    began = time.perf_counter()
    for flow in flows:
        flow.start()
    for flow in flows:
        assert flow.join(500)
    elapsed = time.perf_counter() - began
    assert shared.done >= 0.98 * CAMERAS * FRAMES, "every frame was looked at"
    return shared.done / elapsed


def decoding(clip: Path) -> float:
    """CPU seconds a frame: the bare library, to a picture as a detector wants it."""
    began, frames = time.process_time(), 0
    with av.open(str(clip)) as container:
        for frame in container.decode(container.streams.video[0]):
            frame.to_ndarray(format="bgr24")
            frames += 1
    return (time.process_time() - began) / frames


def motion(clip: Path) -> float:
    """CPU seconds a frame: small, grey, compared."""
    with av.open(str(clip)) as container:
        stream = container.decode(container.streams.video[0])
        images = [
            frame.to_ndarray(format="bgr24") for frame, _ in zip(stream, range(50), strict=False)
        ]
    first = small_grey(images[0])
    began = time.process_time()
    for image in images:
        share_changed(small_grey(np.asarray(image, np.uint8)), first, 0.05)
    return (time.process_time() - began) / len(images)


def inferring(opened: Detector, clip: Path) -> float:
    """Frames a second of the detector alone, as many under way as it takes."""
    with av.open(str(clip)) as container:
        first = next(container.decode(container.streams.video[0])).to_ndarray(format="bgr24")
    frame = Frame("c", np.asarray(first, np.uint8), CLOCK.now().wall, 0)
    with ThreadPoolExecutor(CAMERAS) as threads:
        look = lambda _: opened.submit(frame).result()  # noqa: E731 - one use, one line
        list(threads.map(look, range(LOOKS // 4)))
        began = time.perf_counter()
        list(threads.map(look, range(LOOKS)))
    return LOOKS / (time.perf_counter() - began)


def test_end_to_end_against_the_roofline_of_the_processor(
    clip: Path, detect: Callable[[str], Detector], record: Record
) -> None:
    """The roofline: decode, motion and inference share the cores and nothing else costs anything.
    It is taken before and after, so that a machine that slows down meanwhile shows in both."""
    opened = detect("throughput")
    cores = len(os.sched_getaffinity(0))

    def roofline() -> float:
        return 1 / (1 / inferring(opened, clip) + (decoding(clip) + motion(clip)) / cores)

    before = roofline()
    ours = whole(clip, opened)
    reference = (before + roofline()) / 2
    opened.close()
    record("end-to-end-h264", ours=ours, reference=reference, goal=">= 0.85", unit="frames/s")


class EveryFrame:
    """An observation of every frame, so that there are enough to speak of a percentile."""

    event_type = "intrusion"

    def step(self, tracks: Sequence[Track], now: datetime) -> list[Observation]:
        return [
            Observation(
                observation_id=new_id(),
                phase=Phase.UPDATE,
                zone="yard",
                started_at=now,
                triggered_at=now,
                dwell_s=0.0,
            )
        ]

    def close(self, now: datetime, cause: str) -> list[Observation]:
        return []


def alone(opened: Detector) -> float:
    """Median seconds of one inference, from a frame to its detections, nothing else under way."""
    noise = np.random.default_rng(1).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    frame, times = Frame("c", noise, CLOCK.now().wall, 0), []
    for _ in range(LOOKS):
        began = time.perf_counter()
        opened.submit(frame).result()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def test_from_the_frame_to_the_commit_of_its_event(
    clip: Path, tmp_path: Path, detect: Callable[[str], Detector], record: Record
) -> None:
    opened = detect("latency")
    single = alone(opened)
    delays: list[float] = []
    source = "/linli/330899/bench"
    database = Database(tmp_path / "outbox.sqlite", source, new_id)
    outbox = Outbox(database, source)

    def emit(observed: Observed) -> None:
        outbox.append(observation_draft(observed, new_id()), CLOCK.now())
        delays.append((CLOCK.now().wall - observed.time).total_seconds())

    shared = SharedDetector(opened, CLOCK.now, Turns(CLOCK.now))
    flow = flow_of(settings_of(clip, "c0", realtime=True), shared, emit, [EveryFrame()])
    flow.start()
    assert flow.join(500)
    database.close()
    opened.close()
    assert len(delays) > FRAMES / 4
    slow = float(np.percentile(delays[5:], 99)) * 1000
    bound = (1 / FPS + 2.5 * single) * 1000
    record("frame-to-commit-p99", ours=slow, reference=bound, goal="<= 1", unit="ms")
