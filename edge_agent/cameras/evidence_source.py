"""The picture of an observation from the camera's main stream.

The substream that is watched is small. The main stream is opened for the picture only and within
a time limit; where it gives none in time, the frame that was watched serves, marked so, and the
camera says it.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Protocol

import structlog
from msgspec import structs

from edge_agent.cameras import CameraError, Surroundings, camera
from edge_agent.cameras.settings import CameraSettings, streams
from edge_agent.scheduler import Detector
from edge_agent.types import Detections, Frame
from linli_contract.payloads import Picture
from linli_settings import redact

EVIDENCE_STREAM = "evidence_stream"
MAIN, FALLBACK = "main", "detect_fallback"
"""What :attr:`Picture.stream` says."""


class Door(Protocol):
    """The one door for pictures, ``edge_agent.evidence``."""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture: ...


class MainStreamDoor:
    """Takes a frame of the main stream to the door; for one camera and one thread.

    Args:
        settings: the camera's; it has an ``evidence_source``.
        door: where every picture leaves.
        detector: finds the people in the main stream's frame, whose heads are blurred.
    """

    def __init__(
        self,
        settings: CameraSettings,
        door: Door,
        detector: Detector,
        around: Surroundings,
    ) -> None:
        self._main = streams(settings)["evidence_source"]
        self._limit = settings.evidence.time_limit
        self._door = door
        self._detector = detector
        self._around = around
        self._log = structlog.get_logger(__name__).bind(camera=settings.name)
        self.fault = ""
        """code of why the newest picture is not of the main stream; empty: it is"""
        self.fallbacks = 0
        """pictures that are not"""

    def evidence(self, frame: Frame, detections: Detections, kind: str) -> Picture:
        """As the door's; of the main stream where it can be had.

        Raises:
            Withheld: as the door.
        """
        try:
            taken, seen = self._take()
        except (CameraError, TimeoutError) as error:
            self._note(str(error))
            picture = self._door.evidence(frame, detections, kind)
            return structs.replace(picture, stream=FALLBACK)
        self.fault = ""
        return structs.replace(self._door.evidence(taken, seen, kind), stream=MAIN)

    def _note(self, reason: str) -> None:
        self.fallbacks += 1
        self.fault = EVIDENCE_STREAM
        said = redact(reason)
        self._log.warning("evidence from the detection stream", code=EVIDENCE_STREAM, reason=said)

    def _take(self) -> tuple[Frame, Detections]:
        """A frame and what is in it, both within the time limit."""
        began = self._around.now().mono
        frame = self._frame()
        left = self._limit - (self._around.now().mono - began)
        if left <= 0:
            raise TimeoutError(f"no picture within {self._limit:g} s")
        try:
            return frame, self._detector.submit(frame).result(left)
        except TimeoutError:
            raise TimeoutError("the detector did not answer in time") from None
        except Exception as error:
            # a model fails in its own way; the flow reports it, here only the picture is at stake
            raise CameraError(EVIDENCE_STREAM, f"{type(error).__name__}: {error}") from error

    def _frame(self) -> Frame:
        """In a thread of its own: a camera may need longer to say goodbye."""
        taken: queue.SimpleQueue[Frame | CameraError] = queue.SimpleQueue()
        threading.Thread(
            target=_take_one,
            args=(self._main, self._around, self._limit, taken.put),
            name=f"evidence-{self._main.name}",
            daemon=True,
        ).start()
        try:
            found = taken.get(timeout=self._limit)
        except queue.Empty:
            raise TimeoutError(f"no picture within {self._limit:g} s") from None
        if isinstance(found, CameraError):
            raise found
        return found


def _take_one(
    main: CameraSettings,
    around: Surroundings,
    limit: float,
    put: Callable[[Frame | CameraError], None],
) -> None:
    """Give the main stream's first frame, or why there is none; then close it."""
    with closing(camera(main, around)) as opened:
        opened.open()
        until = around.now().mono + limit
        while around.now().mono < until:
            frame, health = opened.read(0.05), opened.health()
            if frame is not None:
                return put(frame)
            if health.state == "fault":
                return put(CameraError(health.code, health.text))
    return None
