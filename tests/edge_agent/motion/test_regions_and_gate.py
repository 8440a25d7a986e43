"""What is small and far moves: the gate by itself misses it, and must not hold such a frame."""

import threading
from collections import Counter
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_agent.cameras.settings import MotionSettings, RegionSettings
from edge_agent.clock import Moment
from edge_agent.faults import Faults
from edge_agent.motion import MotionGate
from edge_agent.motion_regions import MotionRegions
from edge_agent.scheduler import OneInFlight
from edge_agent.seeing import Seeing
from edge_agent.tracking import byte_tracker
from edge_agent.types import Detections, Frame

T0 = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = MotionSettings.model_validate({"settle": "1s", "rest_after": "60s"})


class Empty:
    """Sees nothing, and counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def submit(self, frame: Frame) -> Future[Detections]:
        self.asked.append(frame.size)
        future: Future[Detections] = Future()
        none = np.zeros((0, 4), np.float32)
        future.set_result(Detections(none, np.zeros(0, np.float32), (), frame.size))
        return future


def frame(index: int, x: int | None = None) -> Frame:
    """Four a second; someone of 6 x 14 pixels at ``x``."""
    image = np.full((1080, 1920, 3), 90, np.uint8)
    if x is not None:
        image[500:514, x : x + 6] = 150
    return Frame("gate", image, T0 + timedelta(seconds=index / 4), index)


@pytest.mark.parametrize("closely", [False, True])
def test_small_motion_is_looked_at_only_where_regions_are_on(closely: bool) -> None:
    whole, parts = Empty(), Empty()
    now = Moment(T0, 0.0)
    gate = MotionGate(SETTINGS, (), rests=not closely)
    regions = MotionRegions(RegionSettings(enabled=True), (), parts) if closely else None
    one = OneInFlight(whole, lambda: now, threading.Event())
    seeing = Seeing(one, byte_tracker(), gate, regions, Faults("gate"), Counter(), lambda: now)

    def look(shown: Frame) -> bool:
        if seeing.held(shown) is not None:
            return False
        return seeing.see(shown) is not None

    for index in range(40):
        look(frame(index))
    assert not look(frame(40))
    assert [look(frame(41 + step, 900 + 3 * step)) for step in range(8)] == [closely] * 8
    assert len(parts.asked) == (8 if closely else 0)
    assert set(parts.asked) <= {(640, 640)}
    assert set(whole.asked) == {(1920, 1080)}


@pytest.mark.parametrize("closely", [False, True])
def test_a_camera_that_looks_closely_does_not_rest_on_keyframes(closely: bool) -> None:
    gate = MotionGate(SETTINGS, (), rests=not closely)
    for index in range(400):
        shown = frame(index)
        if not gate.holds(shown):
            gate.looked(shown, [])
    assert gate.resting is not closely
