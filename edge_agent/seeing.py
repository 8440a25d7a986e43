"""What is in a camera's frames: its turns at the detector, parts looked at closely, tracks."""

from collections import Counter
from collections.abc import Callable

from edge_agent import faults
from edge_agent.clock import Moment
from edge_agent.detectors.parts import with_parts
from edge_agent.motion import MotionGate
from edge_agent.motion_regions import MotionRegions, part_of
from edge_agent.rate import Rate
from edge_agent.scheduler import NO_TURN, Detector, OneInFlight
from edge_agent.tracking import Tracker, with_looks
from edge_agent.types import Detections, Frame, Track

Seen = tuple[Detections, list[Track]]


class Seeing:
    """One camera's; for one thread.

    Args:
        detector: its access to the shared one.
        tracker: its own.
        gate: says which frames show nothing new.
        regions: parts of the frame to look at closely; None: only the whole frame.
        found: what is at fault is noted there.
        drops: what is dropped is counted there, by cause.
        now: reads the clocks.
    """

    def __init__(
        self,
        detector: OneInFlight,
        tracker: Tracker,
        gate: MotionGate,
        regions: MotionRegions | None,
        found: faults.Faults,
        drops: Counter[str],
        now: Callable[[], Moment],
    ) -> None:
        self._detector = detector
        self._tracker = tracker
        self._gate = gate
        self._regions = regions
        self._faults = found
        self._drops = drops
        self._now = now
        self._held: Seen | None = None
        self.rate = Rate()
        """Frames looked at."""

    def begin_anew(self) -> None:
        """Nothing is known any more: the clock went back."""
        self._held = None
        self._gate.reset()

    def held(self, frame: Frame) -> Seen | None:
        """What was seen last, where it is true for ``frame`` as well."""
        stirs = self._regions is not None and self._regions.stirs(frame)
        return self._held if self._gate.holds(frame, stirs) else None

    def newest_at_turn(self, frame: Frame, newer: Callable[[], Frame | None]) -> Frame | None:
        """Wait for the detector: what is newest then is looked at. None: we are to stop.

        Raises:
            StageError: the turn does not come.
        """
        try:
            fresh = self._detector.newest_at_turn(frame, newer)
        except TimeoutError as error:
            self._faults.note(faults.MODEL_FAILED, error)
            self._drops[faults.MODEL_FAILED] += 1
            raise faults.StageError(faults.MODEL_FAILED) from error
        if fresh is not None and fresh is not frame:
            self._drops[NO_TURN] += 1
        return fresh

    def see(self, frame: Frame) -> Seen | None:
        """What is in ``frame``; it holds as long as the gate says so. None: we are to stop.

        Raises:
            StageError: the detector or the tracker failed.
        """
        self._held = None
        detections = self._whole_and_closely(frame)
        if detections is None:
            return None
        self._held = detections, self._track(detections, frame)
        self._gate.looked(frame, self._held[1])
        return self._held

    def for_picture(self, frame: Frame) -> Detections | None:
        """Heads are blurred where they are in this very frame: None where that is not known. The
        observation is made already and goes without a picture then."""
        try:
            return self._whole_and_closely(frame)
        except faults.StageError:
            return None

    def detect(self, frame: Frame) -> Detections | None:
        """What the detector sees in the whole frame; None: we are to stop.

        Raises:
            StageError: it failed.
        """
        detections = self._ask(frame)
        if detections is not None:
            self.rate.tick(self._now().mono)
        return detections

    def overdue(self, mono: float) -> bool:
        """Whether the detector owes an answer for too long; from any thread."""
        return self._detector.overdue(mono)

    def leave(self, camera: str) -> None:
        """The camera ends."""
        self._detector.leave(camera)

    def _whole_and_closely(self, frame: Frame) -> Detections | None:
        whole = self.detect(frame)
        return None if whole is None else self._closely(frame, whole)

    def _closely(self, frame: Frame, whole: Detections) -> Detections | None:
        """With what parts of the frame show; each is a turn of its own. None: we are to stop."""
        regions = self._regions
        if regions is None:
            return whole
        parts: list[tuple[tuple[int, int], Detections]] = []
        for part in regions.parts(frame, whole):
            close = part_of(frame, part)
            seen = self._ask(close, regions.detector)
            if seen is None:
                return None
            parts.append((part[:2], seen))
        both, added = with_parts(whole, parts)
        regions.found(both.boxes[added], frame)
        return both

    def _ask(self, frame: Frame, by: Detector | None = None) -> Detections | None:
        try:
            with self._faults.stage(faults.MODEL_FAILED):
                return self._detector.detect(frame, by)
        except faults.StageError:
            self._drops[faults.MODEL_FAILED] += 1
            raise

    def _track(self, detections: Detections, frame: Frame) -> list[Track]:
        with self._faults.stage(faults.TRACKING_FAILED):
            return self._tracker.update(with_looks(detections, frame.image), frame.time)
