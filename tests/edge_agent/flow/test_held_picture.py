"""A frame that the motion gate holds: its picture needs detections of its own, or there is none."""

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import pytest

from edge_agent.behaviours import watchers
from edge_agent.cameras.settings import MotionSettings, RegionSettings
from edge_agent.clock import Moment
from edge_agent.flow import CameraFlow
from edge_agent.motion import MotionGate
from edge_agent.motion_regions import MotionRegions
from edge_agent.types import Detections, Frame, Observed, Track
from linli_contract.payloads import Phase, Picture
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


def run(
    detector: TellingDetector,
    door: OpenDoor,
    said: list[Observed],
    regions: MotionRegions | None = None,
) -> CameraFlow:
    """Six frames, of which only the first moves; ended."""
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
        regions=regions,
    )
    flow.start()
    assert flow.join(20)
    return flow


@pytest.mark.parametrize("fails", [False, True])
def test_a_picture_is_masked_by_what_is_in_it_or_withheld(fails: bool) -> None:
    door, said = OpenDoor(), list[Observed]()
    detector = TellingDetector({10: RuntimeError("out of memory")} if fails else {})
    flow = run(detector, door, said)
    assert detector.looked[:2] == [0, 10]  # the first frame, and the one of the picture
    assert said[0].payload.phase is Phase.START
    assert said[0].payload.pictures == (() if fails else (PICTURE,))
    assert door.asked == ([] if fails else [(10, "near")])
    assert flow.health().drops.get("picture_withheld", 0) == (1 if fails else 0)


class FarSighted(TellingDetector):
    """Sees somebody small only in a part of the frame."""

    def submit(self, frame: Frame) -> Future[Detections]:
        if frame.size == (100, 100):
            return super().submit(frame)
        future: Future[Detections] = Future()
        box = np.array([[14, 14, 19, 19]], np.float32)
        score = np.array([0.9], np.float32)
        future.set_result(Detections(box, score, ("person",), frame.size))
        return future


class Counting(OpenDoor):
    """Notes how many heads it is told of."""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        self.heads = len(detections)
        return super().evidence(frame, detections, kind)


def test_who_is_seen_by_a_closer_look_only_is_masked_too() -> None:
    door, said = Counting(), list[Observed]()
    detector = FarSighted()
    regions = MotionRegions(RegionSettings(enabled=True, zoom=3), (), detector)
    first = ScriptedCamera([0.0]).read(0)
    assert first is not None
    regions.found(np.array([[14, 14, 19, 19]], np.float32), first)  # of an earlier look
    run(detector, door, said, regions)
    assert said[0].payload.pictures == (PICTURE,)
    assert door.heads == 2


@pytest.mark.parametrize(("pictures", "looked"), [(True, [0, 10]), (False, [0])])
def test_nobody_looks_for_a_picture_that_nobody_takes(pictures: bool, looked: list[int]) -> None:
    evidence = SETTINGS.evidence.model_copy(update={"pictures": pictures})
    detector, said = TellingDetector(), list[Observed]()
    flow = CameraFlow(
        SETTINGS.model_copy(update={"evidence": evidence}),
        ScriptedCamera(each_half_second(66)),
        detector,
        NoTracker(),
        watchers(SETTINGS.zones, lambda: "o1"),
        OpenDoor(),
        said.append,
        lambda: Moment(T0, 0.0),
        lambda: 0.0,
        StillGate(),
    )
    flow.start()
    assert flow.join(20)
    assert [one.payload.phase for one in said] == [Phase.START, Phase.UPDATE, Phase.END]
    assert detector.looked == looked
