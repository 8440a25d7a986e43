"""The flow of one camera, from its first frame to its end."""

from datetime import timedelta

from linli_contract.payloads import Phase
from tests.edge_agent.flow.flow_kit import (
    PICTURE,
    T0,
    ScriptedCamera,
    Stage,
    TellingDetector,
    each_half_second,
)


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


def test_stopping_does_not_wait_for_the_detector() -> None:
    stage = Stage(ScriptedCamera([0], endless=True), TellingDetector({0: None}))
    stage.flow.start()
    stage.flow.stop()
    assert stage.flow.join(5)


def test_a_clock_set_back_ends_what_is_open() -> None:
    stage = Stage(ScriptedCamera([*each_half_second(6), -100, -99.5]))
    said = stage.play()
    assert [(o.payload.phase, o.payload.cause) for o in said] == [
        (Phase.START, ""),
        (Phase.END, "unknown"),
    ]
    assert said[1].time == T0 + timedelta(seconds=6)
