"""The decoder thread that every camera has: stream → painted newest frame."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import structlog

from edge_agent.backoff import Backoff
from edge_agent.cameras.base import (
    CANNOT_OPEN,
    ENDED,
    PRIVACY_FAILED,
    CameraCounters,
    CameraError,
    Surroundings,
)
from edge_agent.cameras.newest import Newest
from edge_agent.cameras.privacy import paint
from edge_agent.cameras.stream import Captured, Opener
from edge_agent.cameras.timeline import in_order, wall_time
from edge_agent.polygons import Polygon
from edge_agent.rate import Rate
from edge_agent.types import Frame
from linli_contract.faults import explain, fault
from linli_settings import redact

T = TypeVar("T")
CLOSE_S = 2.0
"""Longest wait for the thread: a decoder that hangs in the network ends by itself later."""


class ThreadedCamera:
    """See :class:`edge_agent.cameras.base.Camera`.

    Args:
        name: the camera's.
        opener: opens the stream; called again after each fault.
        privacy: polygons to paint.
        surroundings: clocks and randomness.
        keep_all: wait until a frame is read instead of dropping it.
    """

    def __init__(
        self,
        name: str,
        opener: Opener,
        privacy: Sequence[Polygon],
        surroundings: Surroundings,
        keep_all: bool = False,
    ) -> None:
        self._name = name
        self._opener = opener
        self._privacy = tuple(privacy)
        self._now = surroundings.now
        self._backoff = Backoff(surroundings.random)
        self._drops: Counter[str] = Counter()
        self._newest = Newest(self._drops)
        self._put = self._newest.put_when_free if keep_all else self._newest.put
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{name}", daemon=True)
        self._log = structlog.get_logger(__name__).bind(camera=name)
        self._rate = Rate()
        self._frames = 0
        self._arrived: float | None = None
        self._busy_since: float | None = None
        self._state, self._fault = "starting", CameraError("", "")
        self._at_end = False
        self._last: datetime | None = None

    def open(self) -> None:
        self._thread.start()

    def read(self, timeout: float) -> Frame | None:
        return self._newest.take(timeout)

    def health(self) -> CameraCounters:
        mono = self._now().mono
        return CameraCounters(
            state=self._state,
            code=self._fault.code,
            text=str(self._fault),
            frames=self._frames,
            fps=self._rate.per_second(mono),
            frame_age_s=None if self._arrived is None else max(0.0, mono - self._arrived),
            drops=dict(self._drops),
            busy_since=self._busy_since,
            ended=self._at_end and not self._newest.waiting,
        )

    def close(self) -> None:
        self._stop.set()
        self._newest.close()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while not self._stop.is_set() and not self._at_end:
            try:
                self._play()
            except CameraError as error:
                self._note(error)
            except Exception as error:  # noqa: BLE001 - any cause: red, logged, tried again
                self._log.exception("camera failed")
                self._note(CameraError(CANNOT_OPEN, redact(f"{type(error).__name__}: {error}")))
            if not self._at_end:
                self._stop.wait(self._backoff.next())

    def _play(self) -> None:
        with contextlib.closing(self._timed(lambda: self._opener(self._stop))) as stream:
            while not self._stop.is_set():
                captured = self._timed(stream.read)
                if captured is None:
                    self._at_end = True
                    return self._note(CameraError(ENDED, "the recording is at its end"))
                self._take(captured)
        return None

    def _timed(self, call: Callable[[], T]) -> T:
        self._busy_since = self._now().mono
        try:
            return call()
        finally:
            self._busy_since = None

    def _take(self, captured: Captured) -> None:
        now = self._now()
        self._frames += 1
        self._arrived = now.mono
        self._rate.tick(now.mono)
        if captured.image is None:
            self._drops["decode_error"] += 1
            return
        try:
            paint(captured.image, self._privacy)
        except Exception as error:
            self._drops[PRIVACY_FAILED] += 1
            raise CameraError(PRIVACY_FAILED, f"privacy polygons: {error}") from error
        self._last = in_order(wall_time(captured.mono, now), self._last)
        self._note_ok()
        self._put(Frame(self._name, captured.image, self._last, self._frames - 1))

    def _note_ok(self) -> None:
        if self._state != "ok":
            self._log.info("camera gives pictures")
            self._state, self._fault = "ok", CameraError("", "")
            self._backoff.reset()

    def _note(self, error: CameraError) -> None:
        said = explain(fault(error.code, str(error)), "en")
        self._log.warning("camera at fault", code=error.code, text=str(error), said=said)
        self._state, self._fault = "fault", error
