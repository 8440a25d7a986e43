"""The motion gate: where nothing changed since the detector last looked, nothing is new.

A frame is compared, small and grey, with the picture at the detector's last look. As long as
both are alike the last tracks are held: behaviours go on with them in every frame, so a dwell
goes on too. The detector looks again while anything moves, some time after, at least every
``busy_look`` while a zone holds a track, and at least every ``idle_look`` at all. A camera whose
zones have long been empty may rest: it decodes keyframes only and compares those.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import cv2
import numpy as np

from edge_agent.cameras.settings import MotionSettings
from edge_agent.polygons import Point
from edge_agent.types import Frame, Grey, Image, Track
from linli_contract.payloads import Box

SMALL_WIDTH = 160
MARGIN = 0.05
"""A track this near to a zone's outline (share of the frame) counts as in it."""


@dataclass(frozen=True)
class GateState:
    """What the gate remembers."""

    looked_at: datetime | None = None
    """capture time of the detector's last look"""
    changed_at: datetime | None = None
    """last time that something moved, or that a zone's content changed"""
    busy_at: datetime | None = None
    """last time that a zone held a track"""
    occupied: int = 0
    """tracks in zones at the last look"""
    frame_at: datetime | None = None
    """capture time of the newest frame, looked at or not"""

    def after_look(self, now: datetime, occupied: int, settled: bool) -> "GateState":
        """The state after the detector looked at ``now``; ``settled``: nothing had moved."""
        first = self.looked_at is None
        changed = first or not settled or occupied != self.occupied
        return GateState(
            looked_at=now,
            changed_at=now if changed else self.changed_at,
            busy_at=now if occupied or first else self.busy_at,
            occupied=occupied,
            frame_at=now,
        )


def must_look(state: GateState, moved: bool, now: datetime, settings: MotionSettings) -> bool:
    """Whether the detector must look at the frame captured at ``now``."""
    if moved or state.looked_at is None or state.changed_at is None:
        return True
    if (now - state.changed_at).total_seconds() < settings.settle:
        return True
    limit = settings.busy_look if state.occupied else settings.idle_look
    # the frame before the limit is looked at, not the one after: the next comes after such a gap
    gap = 0.0 if state.frame_at is None else _since(state.frame_at, now)
    return _since(state.looked_at, now) + gap > limit


def may_rest(state: GateState, now: datetime, settings: MotionSettings) -> bool:
    """Whether zones have been empty, and the picture still, for long enough."""
    if state.occupied or state.changed_at is None or state.busy_at is None:
        return False
    quiet = min(_since(state.changed_at, now), _since(state.busy_at, now))
    return quiet >= settings.rest_after


def _since(then: datetime, now: datetime) -> float:
    return (now - then).total_seconds()


def share_changed(small: Grey, reference: Grey, difference: float) -> float:
    """Share of pixels that differ by more than ``difference`` (0-1 of full brightness)."""
    if small.shape != reference.shape:
        return 1.0
    delta = cv2.absdiff(small, reference)
    changed = int(np.count_nonzero(delta > round(difference * 255)))
    return changed / int(small.size)


def small_grey(image: Image) -> Grey:
    """``image`` (BGR) small and grey, as :attr:`edge_agent.types.Frame.small`."""
    height, width = image.shape[:2]
    size = min(width, SMALL_WIDTH), max(1, round(height * min(width, SMALL_WIDTH) / width))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


class MotionGate:
    """One camera's gate. The flow asks and tells, the decoder's thread asks whether it may rest.

    Args:
        zones: polygons and lines of the zones; without any, every track counts.
        rests: whether keyframes may be enough for a while; what is small may move between them
            unnoticed.
    """

    def __init__(
        self, settings: MotionSettings, zones: Sequence[Sequence[Point]], rests: bool = True
    ) -> None:
        self._settings = settings
        self._rests = rests
        self._zones = [around(zone) for zone in zones]
        self._state = GateState()
        self._reference: Grey | None = None
        self._resting = False
        self._lock = threading.Lock()

    def holds(self, frame: Frame, stirs: bool = False) -> bool:
        """Whether the last tracks are true for ``frame`` too, so that nobody need look.

        Args:
            stirs: a closer look at the whole picture found motion.
        """
        if not self._settings.enabled:
            return False
        moved = stirs or self._moved(_small_of(frame))
        look = must_look(self._state, moved, frame.time, self._settings)
        changed = frame.time if moved else self._state.changed_at
        self._state = replace(self._state, changed_at=changed, frame_at=frame.time)
        self._resting = (
            self._rests and not look and may_rest(self._state, frame.time, self._settings)
        )
        return not look

    def looked(self, frame: Frame, tracks: Sequence[Track]) -> None:
        """The detector looked at ``frame`` and ``tracks`` came of it."""
        if not self._settings.enabled:
            return
        small = _small_of(frame)
        moved = self._moved(small)
        occupied = sum(self._counts(track.box) for track in tracks)
        with self._lock:
            self._reference = small
        self._state = self._state.after_look(frame.time, occupied, settled=not moved)

    def reset(self) -> None:
        """Nothing is known any more: the clock went back, or the zones changed."""
        with self._lock:
            self._reference = None
        self._state, self._resting = GateState(), False

    def watch(self, zones: Sequence[Sequence[Point]]) -> None:
        """Other zones from now on."""
        self._zones = [around(zone) for zone in zones]
        self.reset()

    @property
    def resting(self) -> bool:
        """Whether keyframes are enough; from any thread."""
        return self._resting

    def wakes(self, small: Grey, now: datetime) -> bool:
        """Whether a keyframe ends the rest: it shows something new, or it is time to look.

        From the decoder's thread. After True the flow decides anew about resting.
        """
        state = self._state
        since = -1.0 if state.looked_at is None else _since(state.looked_at, now)
        due = not 0 <= since < self._settings.idle_look  # below 0 the clock went back
        if due or self._moved(small):
            self._resting = False
        return not self._resting

    def _moved(self, small: Grey) -> bool:
        with self._lock:
            reference = self._reference
        if reference is None:
            return True
        share = share_changed(small, reference, self._settings.difference)
        return share >= self._settings.area

    def _counts(self, box: Box) -> bool:
        return not self._zones or any(overlap(box, zone) for zone in self._zones)


def _small_of(frame: Frame) -> Grey:
    return small_grey(frame.image) if frame.small is None else frame.small


def around(points: Sequence[Point]) -> Box:
    """The box around a zone with its margin: rather too much than too little."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - MARGIN, min(ys) - MARGIN, max(xs) + MARGIN, max(ys) + MARGIN


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes touch."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
