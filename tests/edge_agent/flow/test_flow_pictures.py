"""The pictures that observations take along, and those that are withheld."""

from edge_agent.cameras.settings import CameraSettings
from edge_agent.evidence import Withheld
from edge_agent.types import Detections, Frame
from linli_contract.payloads import Phase, Picture
from tests.edge_agent.flow.flow_kit import (
    PICTURE,
    SETTINGS,
    OpenDoor,
    ScriptedCamera,
    Stage,
    each_half_second,
)


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
    camera = ScriptedCamera(each_half_second(66), endless=True)
    stage = Stage(camera, door=door, settings=with_strip())
    stage.flow.start()
    assert camera.exhausted.wait(20)
    # long after the last of them: frames that make no picture do not say that one can be made
    assert stage.flow.health().fault == "privacy_failed"
    stage.flow.stop()
    assert stage.flow.join(20)
    assert [o.payload.pictures for o in stage.said] == [(), (), ()]
    assert stage.flow.health().drops["picture_withheld"] == 7


def test_a_strip_whose_next_picture_is_made_ends_the_fault() -> None:
    door = OpenDoor(Withheld("no face model"))
    camera = ScriptedCamera(each_half_second(66), endless=True)
    stage = Stage(camera, door=door, settings=with_strip())

    def once(frame: Frame, detections: Detections, kind: str) -> Picture:
        door.error = None if door.asked else door.error
        return OpenDoor.evidence(door, frame, detections, kind)

    door.evidence = once  # type: ignore[method-assign]
    stage.flow.start()
    assert camera.exhausted.wait(20)
    health = stage.flow.health()
    assert (health.state, health.drops["picture_withheld"]) == ("ok", 1)
    stage.flow.stop()
    assert stage.flow.join(20)


def test_a_camera_without_pictures_asks_for_none() -> None:
    settings = SETTINGS.model_copy(
        update={"evidence": SETTINGS.evidence.model_copy(update={"pictures": False})}
    )
    stage = Stage(ScriptedCamera(each_half_second(6)), settings=settings)
    assert stage.play()[0].payload.pictures == ()
    assert stage.door.asked == []
