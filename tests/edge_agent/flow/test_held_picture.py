"""A frame that the motion gate holds: its picture needs detections of its own, or there is none."""

from collections.abc import Sequence

import pytest

from edge_agent.behaviours import watchers
from edge_agent.cameras.settings import MotionSettings
from edge_agent.clock import Moment
from edge_agent.flow import CameraFlow
from edge_agent.motion import MotionGate
from edge_agent.types import Frame, Observed, Track
from linli_contract.payloads import Phase
from tests.edge_agent.flow.flow_kit import (
    PICTURE,
    SETTINGS,
    T0,
    NoTracker,
    OpenDoor,
    ScriptedCamera,
    TellingDetector,
    each_half_second,
)


class StillGate(MotionGate):
    """Nothing moves after the first frame."""

    def __init__(self) -> None:
        super().__init__(MotionSettings(enabled=False), ())
        self._looked = False

    def holds(self, frame: Frame, stirs: bool = False) -> bool:
        return self._looked

    def looked(self, frame: Frame, tracks: Sequence[Track]) -> None:
        self._looked = True


@pytest.mark.parametrize("fails", [False, True])
def test_a_picture_is_masked_by_what_is_in_it_or_withheld(fails: bool) -> None:
    door, said = OpenDoor(), list[Observed]()
    detector = TellingDetector({10: RuntimeError("out of memory")} if fails else {})
    flow = CameraFlow(
        SETTINGS,
        ScriptedCamera(each_half_second(6)),
        detector,
        NoTracker(),
        watchers(SETTINGS.zones, lambda: "o1"),
        door,
        said.append,
        lambda: Moment(T0, 0.0),
        lambda: 0.0,
        StillGate(),
    )
    flow.start()
    assert flow.join(20)
    assert detector.looked[:2] == [0, 10]  # the first frame, and the one of the picture
    assert said[0].payload.phase is Phase.START
    assert said[0].payload.pictures == (() if fails else (PICTURE,))
    assert door.asked == ([] if fails else [(10, "near")])
    assert flow.health().drops.get("picture_withheld", 0) == (1 if fails else 0)
