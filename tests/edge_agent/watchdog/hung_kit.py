"""One camera with fake parts that hang when told, and its watchdog looked at by hand."""

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
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Clock, Moment
from edge_agent.detectors import DetectorSettings, ModelError
from edge_agent.evidence import ShutDoor
from edge_agent.notify import Notifier
from edge_agent.settings import Configuration, load_configuration
from edge_agent.types import Detections, Frame, Observed
from edge_agent.watchdog import Watchdog
from linli_contract.payloads import Phase, Picture
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

    def __init__(self, name: str, clock: SkippingClock, hangs: bool) -> None:
        self._name = name
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
        return Frame(self._name, image, self._clock.now().wall, self._count)

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
    requests = 1

    def __init__(self, hangs: bool) -> None:
        self.hangs = hangs
        self.closed = threading.Event()
        self.owed: list[Future[Detections]] = []
        self.looked: list[int] = []

    def submit(self, frame: Frame) -> Future[Detections]:
        self.looked.append(frame.index)
        future: Future[Detections] = Future()
        if self.hangs:
            self.owed.append(future)
        else:
            future.set_result(PERSON)
        return future

    def close(self) -> None:
        self.closed.set()


class FakeDoor(ShutDoor):
    """Withholds as the real one does without detections of the very frame."""

    def __init__(self) -> None:
        super().__init__("no detections of this frame")

    def evidence(self, frame: Frame, detections: Detections | None, kind: str = "near") -> Picture:
        if detections is None or detections.size != frame.size:
            return super().evidence(frame, detections, kind)
        return Picture("ab" * 32, kind, *frame.size, 1000)


class Bench:
    """One camera with parts that hang when told, and its watchdog fed by hand."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = SkippingClock()
        self.decoders: list[Decoder] = []
        self.models: list[Model] = []
        self.next_hangs = False
        self.door_fails = False
        self.observed: list[Observed] = []
        patch.setattr(station_module, "camera", self._decoder)
        self.door = FakeDoor()
        patch.setattr(camera_set_module, "open_door", self._open_door)
        chosen = configured(folder, camera_row())
        self.cameras = CameraSet(chosen, self.observed.append, self.clock.now, self._model)
        self.systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.systemd.bind(str(folder / "notify"))
        self.systemd.setblocking(False)
        notifier = Notifier({"NOTIFY_SOCKET": str(folder / "notify")})
        self.watchdog = Watchdog(self.cameras.stages, notifier, lambda: "", self.clock.now)

    def _open_door(self, *_: object) -> FakeDoor:
        if self.door_fails:
            raise ModelError("no face model")
        return self.door

    def _decoder(self, settings: CameraSettings, *_: object) -> Decoder:
        self.decoders.append(Decoder(settings.name, self.clock, self.next_hangs))
        return self.decoders[-1]

    def _model(self, settings: DetectorSettings) -> Model:
        if settings.model.endswith("none.onnx"):
            raise ModelError("model: there is no file none.onnx")
        self.models.append(Model(self.next_hangs))
        return self.models[-1]

    def fed(self) -> bool:
        """Whether one look of the watchdog feeds systemd."""
        self.watchdog.turn()
        try:
            return self.systemd.recv(100) == b"WATCHDOG=1"
        except BlockingIOError:
            return False

    def flow_silent_s(self) -> float:
        stages = self.cameras.stages(self.clock.now().mono)
        return next(stage.stalled_s for stage in stages if stage.name == "flow gate")

    def phases(self) -> list[Phase]:
        return [row.payload.phase for row in self.observed]


def camera_row(name: str = "gate", **changes: object) -> dict[str, object]:
    return {
        "name": name,
        "source": {"type": "rtsp", "url": "rtsp://10.0.0.8/ch1"},
        "detector": "main",
        "zones": [ZONE],
        "evidence": {"pictures": False},
        "motion": {"enabled": False},
        "checks": {"enabled": False},
    } | changes


def configured(folder: Path, *cameras: dict[str, object], model: str = "x.onnx") -> Configuration:
    row = {"name": "main", "type": "openvino", "model": model, "classes": {0: "person"}}
    settings = base_settings(1883) | {"detectors": [row], "cameras": list(cameras)}
    return load_configuration(write_configuration(folder, settings))


def running_bench(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """With somebody in the yard."""
    made = Bench(folder, monkeypatch)
    made.cameras.start()
    eventually(lambda: made.phases() == [Phase.START], "someone in the yard")
    yield made
    made.cameras.stop(timeout=3)
    made.systemd.close()
