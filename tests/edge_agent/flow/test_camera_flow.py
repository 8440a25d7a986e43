"""The flow of one camera: scripted frames, a detector that answers as told, virtual time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge_agent import flow as flow_module
from edge_agent import scheduler
from edge_agent.behaviours import Watcher, watchers
from edge_agent.cameras import CameraCounters
from edge_agent.cameras.settings import CameraSettings
from edge_agent.clock import Moment
from edge_agent.evidence import Withheld
from edge_agent.evidence.strip import Strip
from edge_agent.flow import CameraFlow
from edge_agent.scheduler import OneInFlight
from edge_agent.tracking import as_track
from edge_agent.types import Detections, Frame, Observed, Track
from linli_contract.faults import FAULTS
from linli_contract.payloads import Observation, Phase, Picture

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


def test_an_intrusion_with_its_picture_from_start_to_the_recordings_end() -> None:
    stage = Stage(ScriptedCamera(each_half_second(66)))
    start, update, end = stage.play()
    assert {(o.camera, o.event_type) for o in stage.said} == {("gate", "intrusion")}
    assert start.time == T0 + timedelta(seconds=5) == start.payload.triggered_at
    assert start.payload.pictures == (PICTURE,)
    assert stage.door.asked == [(10, "near")]
    assert (update.payload.phase, update.payload.pictures) == (Phase.UPDATE, ())
    assert update.time == T0 + timedelta(seconds=65)
    assert (end.payload.phase, end.payload.cause) == (Phase.END, "unknown")
    assert {o.payload.observation_id for o in stage.said} == {"o1"}
    assert stage.camera.closed
    health = stage.flow.health()
    assert (health.state, health.fault, health.drops) == ("fault", "ended", {})


def test_stopping_ends_what_is_open_with_the_cause_restart() -> None:
    stage = Stage(ScriptedCamera(each_half_second(10), endless=True))
    stage.flow.start()
    assert stage.camera.exhausted.wait(20)
    assert stage.flow.health().state == "ok"
    stage.flow.stop()
    assert stage.flow.join(20)
    _, end = stage.said
    assert (end.payload.phase, end.payload.cause) == (Phase.END, "restart")
    assert end.time == T0 + timedelta(seconds=10)
    assert stage.camera.closed


def test_a_model_that_fails_makes_the_camera_red_and_then_goes_on() -> None:
    detector = TellingDetector({3: RuntimeError("out of memory")})
    with capture_logs() as logs:
        stage = Stage(ScriptedCamera(each_half_second(6)), detector)
        said = stage.play()
    assert [o.payload.phase for o in said] == [Phase.START, Phase.END]
    assert detector.looked == list(range(13))
    assert stage.flow.health().drops == {"model_failed": 1}
    assert [(log["event"], log["code"]) for log in logs if "code" in log] == [
        ("fault", "model_failed"),
        ("fault is over", "model_failed"),
    ]


def test_a_model_that_keeps_failing_is_red() -> None:
    answers = {index: RuntimeError("broken") for index in range(99)}
    stage = Stage(ScriptedCamera([0], endless=True), TellingDetector(answers))
    stage.flow.start()
    assert stage.camera.exhausted.wait(20)
    health = stage.flow.health()
    stage.flow.stop()
    assert stage.flow.join(20)
    assert (health.state, health.fault) == ("fault", "model_failed")


def test_a_detector_that_never_answers_is_red_until_it_does() -> None:
    detector = TellingDetector({0: None})
    stage = Stage(ScriptedCamera([0, 0.5, 1], endless=True), detector)
    stage.flow.start()
    while not detector.unanswered:
        threading.Event().wait(0.01)
    assert stage.flow.health().fault == ""
    stage.mono = scheduler.MODEL_S + 1
    assert stage.flow.health().fault == "model_failed"
    detector.unanswered[0].set_result(PERSON)
    assert stage.camera.exhausted.wait(20)
    assert stage.flow.health().fault == ""
    stage.flow.stop()
    assert stage.flow.join(20)


def test_one_frame_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector that owes an answer gets no further frame of this camera."""
    monkeypatch.setattr(scheduler, "POLL_S", 0.001)
    seconds = count(0, 3)
    detector = TellingDetector({0: None})
    one = OneInFlight(detector, lambda: Moment(T0, next(seconds)), threading.Event())
    first, second, third = ScriptedCamera([0, 1, 2])._frames
    for frame in (first, second):
        with pytest.raises(TimeoutError, match="no answer within 10 s"):
            one.detect(frame)
    assert detector.looked == [0]
    detector.unanswered[0].set_result(PERSON)
    assert one.detect(third) is PERSON
    assert detector.looked == [0, 2]


def test_stopping_does_not_wait_for_the_detector() -> None:
    stage = Stage(ScriptedCamera([0], endless=True), TellingDetector({0: None}))
    stage.flow.start()
    stage.flow.stop()
    assert stage.flow.join(5)


def test_a_withheld_picture_keeps_the_event_and_makes_the_camera_red() -> None:
    door = OpenDoor(Withheld("no face model"))
    stage = Stage(ScriptedCamera(each_half_second(6), endless=True), door=door)
    stage.flow.start()
    assert stage.camera.exhausted.wait(20)
    health = stage.flow.health()
    stage.flow.stop()
    assert stage.flow.join(20)
    assert stage.said[0].payload.phase is Phase.START
    assert stage.said[0].payload.pictures == ()
    assert (health.state, health.fault) == ("fault", "privacy_failed")
    assert health.drops["picture_withheld"] == 1


def with_strip() -> CameraSettings:
    return SETTINGS.model_copy(
        update={"evidence": SETTINGS.evidence.model_copy(update={"strip": True})}
    )


def test_a_strip_of_before_and_after_follows_with_the_next_message() -> None:
    stage = Stage(ScriptedCamera(each_half_second(66)), settings=with_strip())
    start, update, end = stage.play()
    assert start.payload.pictures == (PICTURE,)
    assert len(update.payload.pictures) == 6
    assert end.payload.pictures == ()
    assert stage.door.asked[0] == (10, "near")
    assert [index for index, kind in stage.door.asked if kind == "reference"] == [
        4,
        6,
        8,
        12,
        14,
        16,
    ]


def test_a_strip_that_is_withheld_keeps_the_events_and_makes_the_camera_red() -> None:
    door = OpenDoor(Withheld("no face model"))
    stage = Stage(ScriptedCamera(each_half_second(66)), door=door, settings=with_strip())
    assert [o.payload.pictures for o in stage.play()] == [(), (), ()]
    assert stage.flow.health().drops["picture_withheld"] == 7


def test_a_camera_without_pictures_asks_for_none() -> None:
    settings = SETTINGS.model_copy(
        update={"evidence": SETTINGS.evidence.model_copy(update={"pictures": False})}
    )
    stage = Stage(ScriptedCamera(each_half_second(6)), settings=settings)
    assert stage.play()[0].payload.pictures == ()
    assert stage.door.asked == []


def test_what_the_outbox_refuses_is_offered_again_before_the_next_frame() -> None:
    kept: list[Observed] = []
    refusals = iter([OSError("disk full"), OSError("disk full")])

    def emit(observed: Observed) -> None:
        if error := next(refusals, None):
            raise error
        kept.append(observed)

    stage = Stage(ScriptedCamera(each_half_second(6)), emit=emit)
    stage.play()
    assert [o.payload.phase for o in kept] == [Phase.START, Phase.END]
    assert stage.detector.looked == list(range(13))


class BrokenWatcher:
    event_type = "loitering"

    def step(self, tracks: Sequence[Track], now: datetime) -> list[Observation]:
        raise ZeroDivisionError

    def close(self, now: datetime, cause: str) -> list[Observation]:
        return []


def test_a_broken_behaviour_is_red_and_does_not_keep_the_others_from_theirs() -> None:
    working = watchers(SETTINGS.zones, lambda: "o1")
    camera = ScriptedCamera(each_half_second(6), endless=True)
    stage = Stage(camera, behaviours=[BrokenWatcher(), *working])
    stage.flow.start()
    assert camera.exhausted.wait(20)
    health = stage.flow.health()
    stage.flow.stop()
    assert stage.flow.join(20)
    assert (health.state, health.fault) == ("fault", "behaviour_failed")
    assert [o.payload.phase for o in stage.said] == [Phase.START, Phase.END]


def test_a_clock_set_back_ends_what_is_open() -> None:
    stage = Stage(ScriptedCamera([*each_half_second(6), -100, -99.5]))
    said = stage.play()
    assert [(o.payload.phase, o.payload.cause) for o in said] == [
        (Phase.START, ""),
        (Phase.END, "unknown"),
    ]
    assert said[1].time == T0 + timedelta(seconds=6)


def test_health_of_a_camera_that_gives_nothing() -> None:
    stage = Stage(ScriptedCamera([], endless=True))
    stage.camera.counters = CameraCounters("starting")
    stage.flow.start()
    assert (stage.flow.health().state, stage.flow.health().fault) == ("starting", "")
    stage.mono = flow_module.START_S + 1
    assert stage.flow.health().fault == "no_frames"
    stage.camera.counters = CameraCounters("ok", frame_age_s=flow_module.DEAD_S + 0.1, fps=1.234)
    assert stage.flow.health().fault == "no_frames"
    stage.camera.counters = CameraCounters("fault", "cannot_open", "refused")
    assert (stage.flow.health().state, stage.flow.health().fault) == ("fault", "cannot_open")
    stage.flow.stop()
    assert stage.flow.join(20)


def test_every_code_has_words_for_the_technician() -> None:
    from edge_agent import faults
    from edge_agent.cameras import base

    codes = [
        value
        for module in (faults, base)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    ]
    assert len(codes) >= 9
    assert set(codes) <= set(FAULTS)
