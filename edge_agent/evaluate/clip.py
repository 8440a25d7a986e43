"""A clip as one camera among others gives it: the newest frame whenever the detector is free."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.cameras.file import Recording, open_video
from edge_agent.types import Frame

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
"""Virtual time of the first frame; only differences count."""
CAMERA = "clip"


class Clip:
    """An open clip.

    Args:
        capture: opened by :func:`open_clip`.
        fps: of the file.
    """

    def __init__(self, capture: Recording, fps: float) -> None:
        self._capture = capture
        self.fps = fps
        self.size = capture.size
        """(width, height) in pixels"""
        self.length = 0
        """Frames seen so far, dropped ones included; all of them once ``frames`` is through."""

    def frames(self, rate: float | None = None) -> Iterator[Frame]:
        """The frames that are looked at, ``index`` counted from 0 over all of them; once only.

        Args:
            rate: looks per second; None: every frame. The detector is free every 1 / rate
                seconds and takes the newest frame, or the next one where it has seen that.
        """
        due = 0.0
        while self._capture.grab():
            index, self.length = self.length, self.length + 1
            if rate is not None and not _is_newest(index, due, self.fps):
                continue
            due = due if rate is None else _next_look(index / self.fps, due, rate)
            image = self._capture.retrieve()
            if image is not None:
                yield Frame(CAMERA, image, self.time(index), index)

    def time(self, index: int) -> datetime:
        """Virtual time of frame ``index``."""
        return BEGIN + timedelta(seconds=index / self.fps)


@contextmanager
def open_clip(path: Path) -> Iterator[Clip]:
    """The clip at ``path``, for a with statement.

    Raises:
        CameraError: it cannot be opened.
    """
    capture, fps = open_video(path)
    try:
        yield Clip(capture, fps)
    finally:
        capture.release()


def _is_newest(index: int, due: float, fps: float) -> bool:
    """Whether frame ``index`` is the last one captured by ``due``, or comes after it."""
    return (index + 1) / fps > due + 1e-9


def _next_look(time: float, due: float, rate: float) -> float:
    """When the detector is free again after a frame of ``time`` that was due at ``due``."""
    return max(due, time) + 1 / rate
