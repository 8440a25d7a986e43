"""Sharing the one accelerator fairly: each camera has at most one frame in flight."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Protocol

from edge_agent.clock import Moment
from edge_agent.types import Detections, Frame

POLL_S = 0.2
"""How soon a stop is noticed."""
MODEL_S = 10.0
"""A detector that has not answered after this long is at fault."""


class Detector(Protocol):
    """The part of ``edge_agent.detectors`` that a camera needs."""

    def submit(self, frame: Frame) -> Future[Detections]: ...


class OneInFlight:
    """One camera's access to a detector that others use too; for one thread."""

    def __init__(
        self, detector: Detector, now: Callable[[], Moment], stop: threading.Event
    ) -> None:
        self._detector = detector
        self._now = now
        self._stop = stop
        self._in_flight: Future[Detections] | None = None
        self._asked: float | None = None

    def detect(self, frame: Frame) -> Detections | None:
        """What the detector sees in ``frame``; None when we are to stop.

        Raises:
            TimeoutError: no answer within :data:`MODEL_S`.
            Exception: whatever the detector raised.
        """
        self._asked = self._now().mono
        try:
            if self._in_flight is not None and self._await(self._in_flight) is None:
                return None
            self._in_flight = self._detector.submit(frame)
            return self._await(self._in_flight)
        finally:
            self._asked = None

    def overdue(self, mono: float) -> bool:
        """Whether the detector owes an answer for too long; from any thread."""
        asked = self._asked
        return asked is not None and mono - asked > MODEL_S

    def _await(self, future: Future[Detections]) -> Detections | None:
        until = self._now().mono + MODEL_S
        while not self._stop.is_set():
            if wait([future], POLL_S).done:
                self._in_flight = None
                return future.result()
            if self._now().mono > until:
                # it stays in flight: the next frame waits for it too
                raise TimeoutError(f"no answer within {MODEL_S:g} s")
        return None
