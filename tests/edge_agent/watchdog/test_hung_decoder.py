"""A decoder thread in a read that never comes back: a new one takes over."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from edge_agent.cameras import Surroundings
from edge_agent.cameras.settings import CameraSettings
from edge_agent.cameras.stream import Captured
from edge_agent.cameras.threaded import ThreadedCamera
from edge_agent.clock import Clock
from edge_agent.replaceable import ReplaceableCamera
from edge_agent.types import Grey, Image
from tests.edge_agent.publisher.publisher_kit import eventually

NOW = Clock().now
SETTINGS = CameraSettings.model_validate(
    {
        "name": "gate",
        "source": {"type": "rtsp", "url": "rtsp://10.0.0.8/ch1"},
        "detector": "main",
        "checks": {"enabled": False},
        "motion": {"enabled": False},
    }
)


class Grating:
    """A picture."""

    @property
    def small(self) -> Grey:
        return np.zeros((8, 8), np.uint8)

    def bgr(self) -> Image:
        return np.zeros((8, 8, 3), np.uint8)


class Streams:
    """The first stream gives three frames and then blocks, the others give frames for ever."""

    def __init__(self) -> None:
        self.opened = 0
        self.over = threading.Event()

    def open(self, stop: threading.Event) -> "Streams.One":
        self.opened += 1
        return Streams.One(self, 3 if self.opened == 1 else None, stop)

    class One:
        def __init__(self, whole: "Streams", left: int | None, stop: threading.Event) -> None:
            self._whole, self._left, self._stop = whole, left, stop

        def read(self) -> Captured:
            if self._left == 0:
                self._whole.over.wait()  # deaf to the order to stop, as a library may be
            self._left = None if self._left is None else self._left - 1
            self._stop.wait(0.01)
            return Captured(Grating(), NOW().mono)

        def close(self) -> None: ...


@pytest.fixture
def streams() -> Iterator[Streams]:
    made = Streams()
    yield made
    made.over.set()


def test_a_read_that_blocks_is_left_behind(streams: Streams) -> None:
    around = Surroundings(NOW, lambda: 0.0)
    camera = ReplaceableCamera(lambda: ThreadedCamera(SETTINGS, streams.open, around))
    camera.open()
    try:
        eventually(lambda: camera.health().frames == 3, "three frames")
        eventually(lambda: camera.stalled_s(NOW().mono) > 0.5, "a read that does not come back")
        assert camera.health().state == "ok"  # nothing else tells
        camera.replace()
        eventually(lambda: camera.health().frames > 10, "frames of the new one")
        assert camera.stalled_s(NOW().mono) < 0.5
        eventually(lambda: camera.read(0.5) is not None, "a frame for the reader")
        assert streams.opened == 2
    finally:
        camera.close()
