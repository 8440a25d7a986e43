"""A flow with its parts at hand: scripted frames, a detector that answers as told, virtual time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np

from edge_agent.behaviours import Watcher, watchers
from edge_agent.cameras import CameraCounters
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Moment
from edge_agent.evidence.strip import Strip
from edge_agent.flow import CameraFlow
from edge_agent.tracking import as_track
from edge_agent.types import Detections, Frame, Observed, Track
from linli_contract.payloads import Picture

T0 = datetime(2026, 3, 1, tzinfo=UTC)
PICTURE = Picture(sha256="ab" * 32, kind="near", width=100, height=100, size=1000)
SETTINGS = CameraSettings.model_validate(
    {
        "name": "gate",
        "source": {"type": "file", "path": "unused.avi"},
        "detector": "main",
        "zones": [
            {
                "name": "yard",
                "polygon": [[0.2, 0.2], [0.8, 0.2], [0.8, 0.9], [0.2, 0.9]],
                "behaviours": [{"type": "intrusion", "dwell": "5s"}],
            }
        ],
    }
)


class ScriptedCamera:
    """Gives frames at the given seconds, then is at its end (or silent)."""

    def __init__(self, seconds: Sequence[float], endless: bool = False) -> None:
        self._frames = [
            Frame("gate", np.zeros((100, 100, 3), np.uint8), T0 + timedelta(seconds=at), index)
            for index, at in enumerate(seconds)
        ]
        self._endless = endless
        self.counters = CameraCounters("ok", frame_age_s=0.0, drops={"newest_wins": 2})
        self.closed = False
        self.exhausted = threading.Event()

    def open(self) -> None: ...

    def read(self, timeout: float) -> Frame | None:
        if self._frames:
            return self._frames.pop(0)
        self.exhausted.set()
        return None

    def health(self) -> CameraCounters:
        if self._frames or self._endless:
            return self.counters
        return CameraCounters("fault", "ended", frame_age_s=0.0, ended=True)

    def close(self) -> None:
        self.closed = True


class TellingDetector:
    """One person in the middle, unless told otherwise for a frame."""

    def __init__(self, answers: dict[int, Exception | None] | None = None) -> None:
        self._answers = answers or {}
        self.looked: list[int] = []
        self.unanswered: list[Future[Detections]] = []

    def submit(self, frame: Frame) -> Future[Detections]:
        self.looked.append(frame.index)
        future: Future[Detections] = Future()
        match self._answers.get(frame.index, PERSON):
            case None:
                self.unanswered.append(future)
            case Detections() as found:
                future.set_result(found)
            case Exception() as error:
                future.set_exception(error)
        return future


PERSON = Detections(
    np.array([[45, 40, 55, 80]], np.float32), np.array([0.9], np.float32), ("person",), (100, 100)
)


class NoTracker:
    """Everything is nobody's track: the behaviours go by nearness."""

    def update(self, detections: Detections, time: datetime) -> list[Track]:
        return [as_track(detections, row, -1) for row in range(len(detections))]


class OpenDoor:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[int, str]] = []

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        self.asked.append((frame.index, kind))
        if self.error:
            raise self.error
        return PICTURE


class Stage:
    """A flow with its parts at hand."""

    def __init__(
        self,
        camera: ScriptedCamera,
        detector: TellingDetector | None = None,
        door: OpenDoor | None = None,
        emit: Callable[[Observed], None] | None = None,
        behaviours: Sequence[Watcher] | None = None,
        settings: CameraSettings = SETTINGS,
    ) -> None:
        self.said: list[Observed] = []
        self.mono = 0.0
        numbers = count(1)
        self.camera = camera
        self.detector = detector or TellingDetector()
        self.door = door or OpenDoor()
        self.flow = CameraFlow(
            settings,
            camera,
            self.detector,
            NoTracker(),
            behaviours or watchers(settings.zones, lambda: f"o{next(numbers)}"),
            self.door,
            emit or self.said.append,
            lambda: Moment(T0 + timedelta(seconds=self.mono), self.mono),
            lambda: 0.0,
            strip=Strip(self.door) if settings.evidence.strip else None,
        )

    def play(self) -> list[Observed]:
        """To the camera's end."""
        self.flow.start()
        assert self.flow.join(20)
        return self.said


def each_half_second(seconds: float) -> list[float]:
    return [n / 2 for n in range(round(seconds * 2) + 1)]
