"""Cameras: what a quiet one costs, and whether a thousand reconnects leave anything behind."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest

from edge_agent.cameras import Surroundings, camera
from edge_agent.cameras.decoder import Picture
from edge_agent.cameras.privacy import paint
from edge_agent.cameras.rtsp import rtsp_opener
from edge_agent.cameras.settings import CameraSettings, MotionSettings, RtspSource
from edge_agent.clock import Clock
from edge_agent.motion import MotionGate
from edge_agent.types import Frame, Grey, Image
from tests.bench.conftest import Record
from tests.support.clips import scene, write_clip
from tests.support.rtsp import PACKAGES, RtspServer, installed

SIZE = (1280, 720)
FPS = 25
SECONDS = 40
PRIVATE = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.2))
RECONNECTS = int(os.environ.get("LINLI_RECONNECTS", "1000"))
WARM = 50
"""Reconnects before the reference is taken: caches fill."""


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A still street with a sensor's noise: H.264, 25 frames a second, a keyframe every 2 s, no
    B-frames, as cameras send it."""
    rng = np.random.default_rng(0)
    gravel = cv2.GaussianBlur(rng.normal(0, 60, (SIZE[1], SIZE[0], 3)), (0, 0), 1.5)
    still = np.clip(scene(4, SIZE) + gravel, 0, 250).astype(np.uint8)
    noise = [rng.integers(0, 6, still.shape, np.uint8) for _ in range(8)]

    def picture(index: int) -> Image:
        return np.asarray(cv2.add(still, noise[index % 8]), np.uint8)

    path = tmp_path_factory.mktemp("street") / "street.mp4"
    return write_clip(path, picture, SECONDS * FPS, FPS, keyframes=2 * FPS, b_frames=0)


def bare_keyframes(path: Path) -> float:
    """CPU seconds from one keyframe to the next: read the file and decode, nothing else."""
    marks = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        for _ in container.decode(stream):
            marks.append(time.process_time())
    assert len(marks) == SECONDS / 2
    return (marks[-1] - marks[2]) / (len(marks) - 3)


class MarkedGate(MotionGate):
    """Notes the CPU time whenever a keyframe is compared."""

    marks: list[float]

    def wakes(self, small: Grey, now: datetime) -> bool:
        self.marks.append(time.process_time())
        return super().wakes(small, now)


def at_rest(path: Path) -> float:
    """CPU seconds from one keyframe to the next of the whole camera while it rests."""
    settings = CameraSettings.model_validate(
        {
            "name": "street",
            "detector": "main",
            "source": {"type": "file", "path": str(path), "realtime": False},
            "privacy": [PRIVATE],
        }
    )
    gate = _resting_gate(path)
    live = camera(settings, Surroundings(Clock().now, lambda: 0.0), gate)
    live.open()
    while not live.health().ended:
        live.read(0.5)
    live.close()
    assert live.health().unchanged == len(gate.marks) > 10, "it rested"
    return (gate.marks[-1] - gate.marks[0]) / (len(gate.marks) - 1)


def _resting_gate(path: Path) -> MarkedGate:
    """A gate that has seen the empty street for long."""
    gate = MarkedGate(MotionSettings(), [])
    gate.marks = []
    with av.open(str(path)) as container:
        first = next(container.decode(container.streams.video[0]))
    small = Picture(first, 0.0).small
    paint(small, [PRIVATE])
    now = datetime.now(UTC)
    moments = (now - timedelta(seconds=100), now)
    frames = [Frame("street", np.zeros((9, 16, 3), np.uint8), at, 0, small) for at in moments]
    gate.looked(frames[0], [])
    gate.holds(frames[1])
    gate._state = gate._state.after_look(now, 0, settled=True)  # and looked a moment ago
    assert gate.resting
    return gate


@pytest.mark.bench
def test_bench_quiet_camera(street: Path, record: Record) -> None:
    ours, bare = [], []
    for _ in range(5):
        bare.append(bare_keyframes(street))
        ours.append(at_rest(street))
    record(
        "quiet_camera",
        ours=1000 * min(ours),
        reference=1000 * min(bare),
        goal="<= 1.15",
        unit="ms CPU",
    )


@pytest.fixture
def server() -> Iterator[RtspServer]:
    if not installed():
        pytest.skip(f"RTSP server: install {PACKAGES}")
    with RtspServer() as running:
        yield running


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_soak_reconnects(server: RtspServer, record: Record) -> None:
    """Every connection is made anew, gives a picture and is cut."""
    source = RtspSource.model_validate({"type": "rtsp", "url": server.url})
    opener = rtsp_opener(source, Path(), Clock().now)
    process, before = psutil.Process(), (0, 0)
    for number in count(1):
        stream = opener(threading.Event())
        captured = stream.read()
        assert captured is not None
        assert captured.picture is None or captured.picture.bgr().shape == (240, 320, 3)
        stream.close()
        if number == WARM:
            before = process.memory_info().rss, process.num_fds()
        if number == RECONNECTS + WARM:
            break
    after = process.memory_info().rss, process.num_fds()
    name = f"reconnects_{RECONNECTS}"
    record(
        f"{name}_memory", ours=after[0] / 1e6, reference=before[0] / 1e6, goal="<= 1.02", unit="MB"
    )
    record(f"{name}_files", ours=after[1], reference=before[1], goal="<= 1.0", unit="fds")
    assert after[1] <= before[1]
    assert after[0] <= 1.02 * before[0]
