"""A queue of one frame."""

import threading
from collections import Counter

from edge_agent.types import Frame


class Newest:
    """Keeps the newest frame; what it pushes out is counted as ``newest_wins``."""

    def __init__(self, drops: Counter[str]) -> None:
        self._drops = drops
        self._frame: Frame | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, frame: Frame) -> None:
        """Take the place of the frame that waits."""
        with self._changed:
            if self._frame is not None:
                self._drops["newest_wins"] += 1
            self._frame = frame
            self._changed.notify_all()

    def put_when_free(self, frame: Frame) -> None:
        """Wait until the frame before is read; drops nothing but after :meth:`close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is None or self._closed)
            if not self._closed:
                self._frame = frame
                self._changed.notify_all()

    def put_within(self, frame: Frame, timeout: float) -> None:
        """Wait at most ``timeout`` seconds until the frame before is read, then as ``put``."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is None or self._closed, timeout)
        self.put(frame)

    def take(self, timeout: float) -> Frame | None:
        """The frame, waiting at most ``timeout`` seconds for one; None without."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._closed, timeout)
            frame, self._frame = self._frame, None
            self._changed.notify_all()
            return None if self._closed else frame

    @property
    def waiting(self) -> bool:
        """Whether a frame waits to be read."""
        with self._changed:
            return self._frame is not None

    def close(self) -> None:
        """Wake everyone; nothing comes out any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
