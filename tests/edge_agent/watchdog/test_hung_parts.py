"""A decoder that hangs in its library and a detector that never answers are replaced alone."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_agent import camera_set as camera_set_module
from edge_agent import station as station_module
from edge_agent.camera_set import CameraSet
from edge_agent.cameras import CameraCounters
from edge_agent.clock import Clock, Moment
from edge_agent.detector_set import HANG_S
from edge_agent.detectors import DetectorSettings, ModelError
from edge_agent.evidence import ShutDoor
from edge_agent.notify import Notifier
from edge_agent.replaceable import SharedDetector
from edge_agent.settings import Configuration, load_configuration
from edge_agent.types import Detections, Frame, Observed
from edge_agent.watchdog import TRIES, Watchdog
from linli_contract.payloads import Phase
from tests.edge_agent.agent_kit import base_settings, write_configuration
from tests.edge_agent.publisher.publisher_kit import eventually

PERSON = Detections(
    np.array([[45, 40, 55, 80]], np.float32), np.array([0.9], np.float32), ("person",), (100, 100)
)
ZONE = {
    "name": "yard",
    "polygon": [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]],
    "behaviours": [{"type": "intrusion", "dwell": "0s", "grace": "60s"}],
}


class SkippingClock:
    """The real clock, moved on by the test."""

    def __init__(self) -> None:
        self._clock = Clock()
        self.ahead = 0.0

    def now(self) -> Moment:
        now = self._clock.now()
        return replace(now, mono=now.mono + self.ahead)


class Decoder:
    """A camera of 20 frames a second; one that hangs is in a read that does not come back."""

    def __init__(self, clock: SkippingClock, hangs: bool) -> None:
        self._clock = clock
        self._hangs_since = clock.now().mono if hangs else None
        self._count = 0
        self._closed = threading.Event()

    def hang(self) -> None:
        self._hangs_since = self._clock.now().mono

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame | None:
        if self._closed.wait(timeout if self._hangs_since is not None else 0.05):
            return None
        if self._hangs_since is not None:
            return None
        self._count += 1
        image = np.zeros((100, 100, 3), np.uint8)
        return Frame("gate", image, self._clock.now().wall, self._count)

    def health(self) -> CameraCounters:
        return CameraCounters(
            "ok",
            frames=self._count,
            frame_age_s=0.0,
            drops={"newest_wins": 1},
            busy_since=self._hangs_since,
        )

    def close(self) -> None:
        self._closed.set()


class Model:
    """Answers at once, until it hangs."""

    labels = ("person",)

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs
        self.closed = threading.Event()
        self.owed: list[Future[Detections]] = []

    def submit(self, frame: Frame) -> Future[Detections]:
        future: Future[Detections] = Future()
        if self.hangs:
            self.owed.append(future)
        else:
            future.set_result(PERSON)
        return future

    def close(self) -> None:
        self.closed.set()


class Bench:
    """One camera with parts that hang when told, and its watchdog fed by hand."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = SkippingClock()
        self.decoders: list[Decoder] = []
        self.models: list[Model] = []
        self.next_hangs = False
        self.observed: list[Observed] = []
        patch.setattr(station_module, "camera", self._decoder)
        patch.setattr(camera_set_module, "open_door", lambda *_: ShutDoor("none here"))
        chosen = _configuration(folder)
        self.cameras = CameraSet(chosen, self.observed.append, self.clock.now, self._model)
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.systemd.bind(str(folder / "notify"))
        self.systemd.setblocking(False)
        notifier = Notifier({"NOTIFY_SOCKET": str(folder / "notify")})
        self.watchdog = Watchdog(self.cameras.stages, notifier, lambda: "", self.clock.now)

    def _decoder(self, *_: object) -> Decoder:
        self.decoders.append(Decoder(self.clock, self.next_hangs))
        return self.decoders[-1]

    def _model(self, _: DetectorSettings) -> Model:
        self.models.append(Model(self.next_hangs))
        return self.models[-1]

    def fed(self) -> bool:
        """Whether one look of the watchdog feeds systemd."""
        self.watchdog.turn()
        try:
            return self.systemd.recv(100) == b"WATCHDOG=1"
        except BlockingIOError:
            return False

    def phases(self) -> list[Phase]:
        return [row.payload.phase for row in self.observed]


def _configuration(folder: Path) -> Configuration:
    model = {"name": "main", "type": "openvino", "model": "x.onnx", "classes": {0: "person"}}
    camera = {
        "name": "gate",
        "source": {"type": "rtsp", "url": "rtsp://10.0.0.8/ch1"},
        "detector": "main",
        "zones": [ZONE],
        "evidence": {"pictures": False},
        "motion": {"enabled": False},
        "checks": {"enabled": False},
    }
    settings = base_settings(1883) | {"detectors": [model], "cameras": [camera]}
    return load_configuration(write_configuration(folder, settings))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    made = Bench(tmp_path, monkeypatch)
    made.cameras.start()
    eventually(lambda: made.phases() == [Phase.START], "someone in the yard")
    yield made
    made.cameras.stop(timeout=3)
    made.systemd.close()


def test_a_hung_decoder_is_replaced_alone_and_the_stay_goes_on(bench: Bench) -> None:
    assert bench.fed()
    bench.decoders[0].hang()
    bench.clock.ahead += 25.0
    assert bench.fed()
    eventually(lambda: len(bench.decoders) == 2, "a second decoder")
    eventually(lambda: bench.decoders[1].health().frames > 2, "frames of the second")
    assert bench.fed()
    [health] = bench.cameras.health()
    assert health.restarts == {"decoder": 1}
    assert health.drops["newest_wins"] == 2  # of both
    assert health.state == "ok"
    assert len(bench.models) == 1
    assert bench.phases() == [Phase.START]


def test_a_hung_inference_is_given_up_and_a_new_one_takes_over(bench: Bench) -> None:
    old = bench.models[0]
    old.hangs = True
    eventually(lambda: old.owed, "a frame that gets no answer")
    bench.clock.ahead += HANG_S + 1
    assert bench.fed()
    eventually(lambda: len(bench.models) == 2, "a second instance")
    eventually(lambda: bench.cameras.health()[0].state == "ok", "the camera works")
    assert bench.fed()
    assert bench.cameras.health()[0].restarts == {"inference": 1}
    assert len(bench.decoders) == 1
    assert bench.phases() == [Phase.START]
    assert old.closed.wait(5)
    old.owed[0].set_result(PERSON)  # an answer that comes at last is nobody's


@pytest.mark.parametrize("part", ["decoder", "inference"])
def test_what_hangs_again_and_again_is_no_longer_fed(bench: Bench, part: str) -> None:
    bench.next_hangs = True
    bench.decoders[0].hang() if part == "decoder" else setattr(bench.models[0], "hangs", True)
    made = bench.decoders if part == "decoder" else bench.models
    for count in range(1, TRIES + 1):
        _wait_for_a_hang(bench, part)
        bench.clock.ahead += HANG_S + 1
        assert bench.fed()
        eventually(lambda n=count: len(made) == n + 1, f"instance {count + 1}")
    _wait_for_a_hang(bench, part)
    bench.clock.ahead += HANG_S + 1
    assert not bench.fed()
    assert bench.watchdog.faults() == (
        "stalled: decoder gate" if part == "decoder" else "stalled: inference main",
    )


def _wait_for_a_hang(bench: Bench, part: str) -> None:
    if part == "inference":
        eventually(lambda: bench.models[-1].owed, "a frame that gets no answer")


def test_whoever_waits_for_a_detector_that_was_given_up_is_told() -> None:
    first = Model(hangs=True)
    shared = SharedDetector(first, Clock().now)
    frame = Frame("gate", np.zeros((10, 10, 3), np.uint8), Clock().now().wall, 0)
    future = shared.submit(frame)
    shared.give_up(Model(hangs=False))
    with pytest.raises(ModelError, match="inference hung"):
        future.result(1)
    assert len(shared.submit(frame).result(1)) == 1
    assert shared.stalled_s(Clock().now().mono + 100) == 0.0
