"""A stage that fails makes the camera red and is tried again; nothing dies quietly."""

import threading
from collections.abc import Sequence
from datetime import datetime
from itertools import count

import pytest
from structlog.testing import capture_logs

from edge_agent import flow as flow_module
from edge_agent import scheduler
from edge_agent.behaviours import watchers
from edge_agent.cameras import CameraCounters
from edge_agent.clock import Moment
from edge_agent.scheduler import OneInFlight
from edge_agent.types import Observed, Track
from linli_contract.faults import FAULTS
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.flow.flow_kit import (
    PERSON,
    SETTINGS,
    T0,
    ScriptedCamera,
    Stage,
    TellingDetector,
    each_half_second,
)


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
