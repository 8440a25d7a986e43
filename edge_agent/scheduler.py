"""Sharing the one accelerator fairly: a camera has at most one frame in flight, and chooses it
when its turn comes, so that a frame does not grow old in a queue."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Protocol

from edge_agent.clock import Moment
from edge_agent.turns import Turns
from edge_agent.types import Detections, Frame

POLL_S = 0.2
"""How soon a stop is noticed."""
MODEL_S = 10.0
"""A detector that has not answered after this long is at fault."""
NO_TURN = "no_turn"
"""Cause of a drop: while the frame waited for its turn, a newer one took its place."""


class Detector(Protocol):
    """The part of ``edge_agent.detectors`` that a camera needs."""

    def submit(self, frame: Frame) -> Future[Detections]: ...


class OneInFlight:
    """One camera's access to a detector that others use too; for one thread.

    Args:
        detector: shared.
        now: the clock.
        stop: set when the camera is to stop.
        turns: at the accelerator, shared by all cameras; without it the camera has its own.
    """

    def __init__(
        self,
        detector: Detector,
        now: Callable[[], Moment],
        stop: threading.Event,
        turns: Turns | None = None,
    ) -> None:
        self._detector = detector
        self._now = now
        self._stop = stop
        self._turns = turns or Turns(now)
        self._has_turn = False
        self._in_flight: Future[Detections] | None = None
        self._asked = 0.0
        self._waits = False

    def newest_at_turn(self, frame: Frame, newer: Callable[[], Frame | None]) -> Frame | None:
        """Wait for the turn, then the frame to look at; None when we are to stop.

        Args:
            frame: in hand; it is the one when the turn comes at once, or nothing is newer.
            newer: the newest frame that was not read yet, without waiting.

        Raises:
            TimeoutError: the detector did nothing for :data:`MODEL_S`.
        """
        if self._take(frame.camera, 0.0):
            return frame
        if not self._await_turn(frame.camera):
            return None
        return newer() or frame

    def detect(self, frame: Frame, by: Detector | None = None) -> Detections | None:
        """What the detector sees in ``frame``; None when we are to stop.

        Args:
            by: another detector at the same accelerator; None: the camera's own. Each call is a
                turn, so who looks at parts of a frame as well does so within its share.

        Raises:
            TimeoutError: no answer within :data:`MODEL_S`.
            Exception: whatever the detector raised.
        """
        if not self._await_turn(frame.camera):
            return None
        self._in_flight = self._submit(frame, by or self._detector)
        while not self._stop.is_set():
            if wait([self._in_flight], POLL_S).done:
                future, self._in_flight = self._in_flight, None
                return future.result()
            self._check_time()
        return None

    def overdue(self, mono: float) -> bool:
        """Whether the detector owes an answer for too long; from any thread."""
        flight = self._in_flight
        if flight is not None and not flight.done():
            return mono - self._asked > MODEL_S
        return self._waits and self._turns.silent_s(mono) > MODEL_S

    def leave(self, camera: str) -> None:
        """The camera ends. What is in flight keeps its turn until it is answered."""
        if self._has_turn:
            self._has_turn = False
            self._turns.done()
        self._turns.forget(camera)

    def _submit(self, frame: Frame, detector: Detector) -> Future[Detections]:
        """Begin; the turn ends with the answer, whether or not anybody still waits for it."""
        self._has_turn, self._asked = False, self._now().mono
        try:
            future = detector.submit(frame)
        except BaseException:
            self._turns.done()
            raise
        future.add_done_callback(lambda _: self._turns.done())
        return future

    def _await_turn(self, camera: str) -> bool:
        """Whether the turn came; False when we are to stop."""
        self._waits = True
        try:
            while not self._stop.is_set():
                if self._take(camera, POLL_S):
                    return True
                self._check_time()
            return False
        finally:
            self._waits = False
            if not self._has_turn:
                self._turns.leave(camera)

    def _take(self, camera: str, timeout: float) -> bool:
        """The turn. A frame that was given up but is still in flight comes before the next."""
        if self._in_flight is not None:
            if not wait([self._in_flight], timeout).done:
                return False
            self._in_flight = None
        self._has_turn = self._has_turn or self._turns.take(camera, timeout)
        return self._has_turn

    def _check_time(self) -> None:
        # what is in flight stays there: the next frame waits for it too
        if self.overdue(self._now().mono):
            raise TimeoutError(f"no answer within {MODEL_S:g} s")
