"""A camera and a detector that can be replaced while those who use them go on.

A library call that hangs cannot be ended: its thread is left behind, and a new instance takes
over. Tracks and open observations stay.
"""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from edge_agent.cameras import Camera, CameraCounters
from edge_agent.clock import Moment
from edge_agent.detectors import Detector, ModelError
from edge_agent.turns import Turns
from edge_agent.types import Detections, Frame


class ReplaceableCamera:
    """See :class:`edge_agent.cameras.base.Camera`.

    Args:
        make: makes the camera, not opened.
    """

    def __init__(self, make: Callable[[], Camera]) -> None:
        self._make = make
        self._camera = make()
        self._carried = CameraCounters("starting")
        self._lock = threading.Lock()
        self._closed = False
        self._wanted = threading.Event()
        self._kept: Frame | None = None
        self._keeping = threading.Condition()

    def open(self) -> None:
        self._camera.open()

    def read(self, timeout: float) -> Frame | None:
        frame = self._camera.read(timeout)
        if frame is not None and self._wanted.is_set():
            with self._keeping:
                self._kept = frame
                self._wanted.clear()
                self._keeping.notify_all()
        return frame

    def next_frame(self, timeout: float) -> Frame | None:
        """The next frame that is read, for someone beside the flow; None without one."""
        with self._keeping:
            self._kept = None
            self._wanted.set()
            self._keeping.wait_for(lambda: self._kept is not None, timeout)
            frame, self._kept = self._kept, None
            return frame

    def health(self) -> CameraCounters:
        counters, before = self._camera.health(), self._carried
        drops = dict(before.drops)
        for cause, count in counters.drops.items():
            drops[cause] = drops.get(cause, 0) + count
        return replace(counters, frames=before.frames + counters.frames, drops=drops)

    def replace(self) -> None:
        """A new decoder takes over; the old one ends by itself when it can."""
        with self._lock:
            if self._closed:
                return
            carried, old, new = self.health(), self._camera, self._make()
            new.open()
            self._carried, self._camera = carried, new
        old.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._camera.close()

    def stalled_s(self, mono: float) -> float:
        """Seconds that the decoder has been in one call of its library; 0 between two."""
        busy_since = self._camera.health().busy_since
        return 0.0 if busy_since is None else max(0.0, mono - busy_since)


class SharedDetector:
    """See :class:`edge_agent.detectors.Detector`: the one that cameras know by its name.

    Args:
        detector: the first instance.
        now: the clock.
        turns: at the device it runs on, shared with the other detectors there.
    """

    def __init__(
        self, detector: Detector, now: Callable[[], Moment], turns: Turns | None = None
    ) -> None:
        self.turns = turns or Turns(now)
        self.turns.widen(detector.requests)
        self._detector = detector
        self._now = now
        self._lock = threading.Lock()
        self._keys = itertools.count()
        self._open: dict[int, tuple[float, Future[Detections]]] = {}  # bounded: one a camera
        self._answered_at = 0.0
        self.done = 0
        """Frames answered since start."""

    @property
    def labels(self) -> tuple[str, ...]:
        return self._detector.labels

    def submit(self, frame: Frame) -> "Future[Detections]":
        outer: Future[Detections] = Future()
        with self._lock:
            key, detector = next(self._keys), self._detector
            self._open[key] = self._now().mono, outer
        try:
            inner = detector.submit(frame)
        except BaseException:
            self._take(key)
            raise
        inner.add_done_callback(lambda future: self._answer(key, future))
        return outer

    def _take(self, key: int) -> "Future[Detections] | None":
        with self._lock:
            return self._open.pop(key, (0.0, None))[1]

    def _answer(self, key: int, inner: "Future[Detections]") -> None:
        outer = self._take(key)
        if outer is None:  # given up meanwhile
            return
        self._answered_at = self._now().mono
        self.done += 1
        error = inner.exception()
        if error is None:
            outer.set_result(inner.result())
        else:
            outer.set_exception(error)

    def stalled_s(self, mono: float) -> float:
        """Seconds without an answer while one is owed."""
        with self._lock:
            oldest = min((since for since, _ in self._open.values()), default=None)
        return 0.0 if oldest is None else max(0.0, mono - max(oldest, self._answered_at))

    def use(self, detector: Detector) -> None:
        """``detector`` looks at frames from now on; the old one finishes its own."""
        with self._lock:
            old, self._detector = self._detector, detector
        _close_aside(old)

    def give_up(self, detector: Detector) -> None:
        """As :meth:`use`, but nobody waits for the old one any more."""
        with self._lock:
            old, self._detector = self._detector, detector
            owed = [future for _, future in self._open.values()]
            self._open.clear()
        for future in owed:
            future.set_exception(ModelError("model: inference hung; a new instance took over"))
        _close_aside(old)

    def excuse(self) -> None:
        """Begin to count anew how long it owes an answer: a new instance could not be had."""
        self._answered_at = self._now().mono

    def close(self) -> None:
        self._detector.close()


def _close_aside(detector: Detector) -> None:
    """In a thread of its own: one that hangs may hold whoever closes it."""
    threading.Thread(target=detector.close, name="detector-close", daemon=True).start()
