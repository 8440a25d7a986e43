"""The decoder thread that every camera has: stream → painted newest frame."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
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
from edge_agent.cameras.picture_watch import PictureWatch
from edge_agent.cameras.privacy import paint
from edge_agent.cameras.settings import CameraSettings
from edge_agent.cameras.stream import Captured, Opener, Picturing, Stream
from edge_agent.cameras.timeline import in_order, wall_time
from edge_agent.clock import Moment
from edge_agent.rate import Rate
from edge_agent.types import Frame, Grey, Image
from linli_contract.faults import explain, fault
from linli_settings import redact

T = TypeVar("T")
FIRST_S = 0.25
"""Wait after the first failure,"""
SOON_S = 1.0
"""and at most: with it a camera that returns gives its first frame within 3 s."""
SELDOM_FIRST_S = 5.0
SELDOM_S = 60.0
"""Where asking soon is of no use or locks the account at the camera."""
REPLAY_STEP = timedelta(seconds=0.2)
"""Of what waited undecoded, a frame so often."""
REPLAY_WAIT_S = 0.3
"""Longest wait for the reader with each of them: meanwhile the stream itself waits."""
CLOSE_S = 2.0
"""Longest wait for the thread: a decoder that hangs in the network ends by itself later."""


class ThreadedCamera:
    """See :class:`edge_agent.cameras.base.Camera`.

    Args:
        settings: the camera's: its name, privacy polygons, checks and motion gate.
        opener: opens the stream; called again after each fault.
        surroundings: clocks and randomness.
        keep_all: wait until a frame is read instead of dropping it.
        patience_s: a pause between frames up to this long is the source's own way.
    """

    def __init__(
        self,
        settings: CameraSettings,
        opener: Opener,
        surroundings: Surroundings,
        keep_all: bool = False,
        patience_s: float = 0.0,
    ) -> None:
        self._name = settings.name
        self._opener = opener
        self._privacy = tuple(settings.privacy)
        self._now = surroundings.now
        self._backoff = Backoff(surroundings.random, FIRST_S, SOON_S)
        self._seldom = Backoff(surroundings.random, SELDOM_FIRST_S, SELDOM_S)
        self._watch = PictureWatch(settings.checks, self._privacy)
        self._gated = settings.motion.enabled
        self._patience_s = patience_s
        self._unchanged = 0
        self._drops: Counter[str] = Counter()
        self._newest = Newest(self._drops)
        self._keep_all = keep_all
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{self._name}", daemon=True)
        self._log = structlog.get_logger(__name__).bind(camera=self._name)
        self._rate = Rate()
        self._decoded = Rate()
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
            fps_decoded=self._decoded.per_second(mono),
            frame_age_s=None if self._arrived is None else max(0.0, mono - self._arrived),
            drops=dict(self._drops),
            unchanged=self._unchanged,
            patience_s=self._patience_s,
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
            wait = self._backoff
            try:
                self._play()
            except CameraError as error:
                if self._fault is not error:
                    self._note(error)
                wait = self._seldom if error.seldom else wait
            except Exception as error:  # noqa: BLE001 - any cause: red, logged, tried again
                self._log.exception("camera failed")
                self._note(CameraError(CANNOT_OPEN, redact(f"{type(error).__name__}: {error}")))
            if not self._at_end:
                self._stop.wait(wait.next())

    def _play(self) -> None:
        with contextlib.closing(self._timed(lambda: self._opener(self._stop))) as stream:
            while not self._stop.is_set():
                captured = self._read(stream)
                if captured is None:
                    self._at_end = True
                    return self._note(CameraError(ENDED, "the recording is at its end"))
                self._take(captured)
        return None

    def _read(self, stream: Stream) -> Captured | None:
        """Red before the stream is closed, which may take its time."""
        try:
            return self._timed(stream.read)
        except CameraError as error:
            self._note(error)
            raise

    def _timed(self, call: Callable[[], T]) -> T:
        self._busy_since = self._now().mono
        try:
            return call()
        finally:
            self._busy_since = None

    def _take(self, captured: Captured) -> None:
        if captured.pause:
            return
        now = self._now()
        self._frames += 1
        self._arrived = now.mono
        self._rate.tick(now.mono)
        if captured.picture is None:
            self._drops["decode_error"] += 1
            return
        self._decoded.tick(now.mono)
        self._watch.see(captured.picture, captured.mono)
        self._note_picture()
        if captured.unchanged:
            self._unchanged += 1
            return
        self._give(captured.picture, captured, now)

    def _give(self, picture: Picturing, captured: Captured, now: Moment) -> None:
        time = in_order(wall_time(captured.mono, now), self._last)
        if captured.replayed and self._replayed_enough(time):
            self._drops["replay"] += 1
            return
        self._last = time
        image, small = self._painted(picture)
        frame = Frame(self._name, image, time, self._frames - 1, small)
        if self._keep_all:
            self._newest.put_when_free(frame)
        elif captured.replayed:
            self._newest.put_within(frame, REPLAY_WAIT_S)
        else:
            self._newest.put(frame)

    def _replayed_enough(self, time: datetime) -> bool:
        """What waited comes at once: a few frames a second of it tell the story."""
        return self._last is not None and time - self._last < REPLAY_STEP

    def _painted(self, picture: Picturing) -> tuple[Image, Grey | None]:
        try:
            image = picture.bgr()
            paint(image, self._privacy)
            if not self._gated:
                return image, None
            small = picture.small.copy()
            paint(small, self._privacy)
        except Exception as error:
            self._drops[PRIVACY_FAILED] += 1
            raise CameraError(PRIVACY_FAILED, f"privacy polygons: {error}") from error
        return image, small

    def _note_picture(self) -> None:
        """Red while the picture itself is a fault; its frames are given all the same."""
        if not self._watch.fault:
            self._note_ok()
        elif self._fault.code != self._watch.fault:
            self._note(CameraError(self._watch.fault, ""))
            self._backoff.reset()

    def _note_ok(self) -> None:
        if self._state != "ok":
            self._log.info("camera gives pictures")
            self._state, self._fault = "ok", CameraError("", "")
            self._backoff.reset()
            self._seldom.reset()

    def _note(self, error: CameraError) -> None:
        said = explain(fault(error.code, str(error)), "en")
        self._log.warning("camera at fault", code=error.code, text=str(error), said=said)
        self._state, self._fault = "fault", error
