"""A video file played as if it were a camera."""

import threading
from collections.abc import Callable
from pathlib import Path

import cv2

from edge_agent.cameras.base import CANNOT_OPEN, CameraError
from edge_agent.cameras.settings import FileSource
from edge_agent.cameras.stream import Captured, Opener, open_capture, retrieve
from edge_agent.clock import Moment

LAG_S = 1.0
"""A machine that decodes this far behind plays slower from there on, and the times say so."""
_MAX_FPS = 240


def file_opener(source: FileSource, base: Path, now: Callable[[], Moment]) -> Opener:
    """Opens ``source``; a relative path counts from ``base``."""

    def open_(stop: threading.Event) -> FileStream:
        return FileStream(base / source.path, source, now, stop)

    return open_


class FileStream:
    """Frames of a file; a frame's time is the start of play plus its position.

    Raises:
        CameraError: ``cannot_open``: no such file, no video, or no frame rate in it.
    """

    def __init__(
        self, path: Path, source: FileSource, now: Callable[[], Moment], stop: threading.Event
    ) -> None:
        self._path = path
        self._source = source
        self._now = now
        self._stop = stop
        self._capture, self._fps = open_video(path)
        self._position = -1 / self._fps
        self._round_began = 0.0
        self._began = now().mono

    def read(self) -> Captured | None:
        if not self._capture.grab() and not (self._source.loop and self._rewind()):
            return None
        self._position = self._next_position()
        image = retrieve(self._capture)
        if self._source.realtime:
            self._wait()
        return Captured(image, self._began + self._position)

    def close(self) -> None:
        self._capture.release()

    def _next_position(self) -> float:
        """By the file's time stamps where they grow, else one frame on."""
        stamp = self._round_began + self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return stamp if stamp > self._position else self._position + 1 / self._fps

    def _rewind(self) -> bool:
        self._capture.release()
        self._capture, self._fps = open_video(self._path)
        self._round_began = self._position + 1 / self._fps
        return bool(self._capture.grab())

    def _wait(self) -> None:
        ahead = self._began + self._position - self._now().mono
        if ahead > 0:
            self._stop.wait(ahead)
        elif ahead < -LAG_S:
            self._began -= ahead


def open_video(path: Path) -> tuple[cv2.VideoCapture, float]:
    """The reader and the frames per second of the video ``path``.

    Raises:
        CameraError: ``cannot_open``: no such file, no video, or no frame rate in it.
    """
    if not path.is_file():
        raise CameraError(CANNOT_OPEN, f"there is no file {path}")
    capture = open_capture(path, [])
    if not capture.isOpened():
        raise CameraError(CANNOT_OPEN, f"{path} is no video that can be decoded")
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    if not 0 < fps <= _MAX_FPS:
        raise CameraError(CANNOT_OPEN, f"{path} has no usable frame rate ({fps:g} fps)")
    return capture, fps
