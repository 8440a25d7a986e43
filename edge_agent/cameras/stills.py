"""A folder into which still pictures come: a camera that uploads, or prepared pictures."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from edge_agent.cameras.base import CANNOT_OPEN, CameraError
from edge_agent.cameras.decoder import small_size
from edge_agent.cameras.settings import StillsSource
from edge_agent.cameras.stream import Captured, Opener
from edge_agent.clock import Moment
from edge_agent.types import Grey, Image

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
LOOK_S = 0.5
"""How often a folder is looked into."""


class Still:
    """A picture that is decoded already."""

    def __init__(self, image: Image) -> None:
        self._image = image

    @property
    def small(self) -> Grey:
        """As :attr:`edge_agent.cameras.decoder.Picture.small`."""
        height, width = self._image.shape[:2]
        size = small_size(width, height)
        small = cv2.resize(self._image, size, interpolation=cv2.INTER_AREA)
        return cast(Grey, cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))

    def bgr(self) -> Image:
        return self._image


class StillsStream:
    """Pictures in the order of their names, one every ``interval``; then those that come.

    A picture's time is the time at which it was taken up: a camera's own clock may be wrong.

    Raises:
        CameraError: ``cannot_open``: there is no such folder.
    """

    def __init__(
        self, folder: Path, source: StillsSource, now: Callable[[], Moment], stop: threading.Event
    ) -> None:
        self._folder = folder
        self._source = source
        self._now = now
        self._stop = stop
        self._last = ""
        self._waiting: list[str] = []
        self._due = now().mono
        self._names()

    def read(self) -> Captured | None:
        ahead = self._due - self._now().mono
        if ahead > 0:
            self._stop.wait(min(ahead, LOOK_S))
            return Captured(None, self._now().mono, pause=True)
        name = self._next()
        if name is None:
            self._due = self._now().mono + LOOK_S
            return Captured(None, self._now().mono, pause=True)
        self._due += self._source.interval
        self._due = max(self._due, self._now().mono)
        image = _read(self._folder / name)
        return Captured(None if image is None else Still(image), self._now().mono)

    def close(self) -> None:
        """Nothing is open between two pictures."""

    def _next(self) -> str | None:
        if not self._waiting:
            self._waiting = [name for name in self._names() if name > self._last]
        if not self._waiting and self._source.loop:
            self._waiting = self._names()
        if not self._waiting:
            return None
        self._last = self._waiting.pop(0)
        return self._last

    def _names(self) -> list[str]:
        try:
            rows = list(self._folder.iterdir())
        except OSError as error:
            said = f"the folder {self._folder}: {error.strerror or error}"
            raise CameraError(CANNOT_OPEN, said) from None
        return sorted(row.name for row in rows if row.suffix.lower() in SUFFIXES)


def _read(path: Path) -> Image | None:
    """The picture; None when it is damaged, or was taken away meanwhile."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    if not data.size:
        return None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return None if image is None else cast(Image, image)


def stills_opener(source: StillsSource, base: Path, now: Callable[[], Moment]) -> Opener:
    """Opens ``source``; a relative folder counts from ``base``."""

    def open_(stop: threading.Event) -> StillsStream:
        return StillsStream(base / source.folder, source, now, stop)

    return open_
