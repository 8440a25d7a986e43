"""A network camera by RTSP."""

import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import cv2

from edge_agent.cameras.base import CANNOT_OPEN, NO_FRAMES, CameraError
from edge_agent.cameras.diagnosis import explain
from edge_agent.cameras.settings import RtspSource
from edge_agent.cameras.stream import Captured, Opener, open_capture, retrieve
from edge_agent.cameras.timeline import Timeline
from edge_agent.clock import Moment
from linli_settings.secrets import resolve

BACKLOG = 500
"""Most frames that are passed over at the start; FFmpeg looks at up to 5 s of a stream."""
SETTLED_S = 0.3
"""The rush is over when frames have come in step with the clock for so long,"""
STEADY_S = 0.01
"""give or take this."""


def rtsp_opener(source: RtspSource, base: Path, now: Callable[[], Moment]) -> Opener:
    """Connects to ``source``; the password is read from its reference each time, so a new one
    counts from the next connection on."""

    def open_(_stop: threading.Event) -> RtspStream:
        password = resolve(source.password, base) if source.password else None
        return RtspStream(source, password, now)

    return open_


def address(url: str, username: str | None, password: str | None) -> str:
    """``url`` with the credentials percent-encoded into it.

    >>> address("rtsp://10.0.0.8/ch1", "admin", "p@ss:/%")
    'rtsp://admin:p%40ss%3A%2F%25@10.0.0.8/ch1'
    """
    if username is None:
        return url
    user = quote(username, safe="")
    if password is not None:
        user += ":" + quote(password, safe="")
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))


class RtspStream:
    """A connected camera.

    Raises:
        CameraError: ``cannot_open`` with what the camera or the network said.
    """

    def __init__(self, source: RtspSource, password: str | None, now: Callable[[], Moment]) -> None:
        self._source = source
        self._now = now
        self._timeline = Timeline()
        limit = int(source.timeout * 1000)
        self._capture = open_capture(
            address(source.url, source.username, password),
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit),
                # more decoder threads would each hold back a frame
                *(cv2.CAP_PROP_N_THREADS, 1),
            ],
            f"rtsp_transport;{source.transport}",
        )
        if not self._capture.isOpened():
            raise CameraError(CANNOT_OPEN, f"{source.url}: {explain(source)}")
        self._skip_backlog()

    def read(self) -> Captured | None:
        arrival, position = self._grab()
        return Captured(retrieve(self._capture), self._timeline.at(position, arrival))

    def _grab(self) -> tuple[Moment, float]:
        """When the next frame arrived and its position in seconds."""
        if not self._capture.grab():
            silence = f"the stream broke off or gave nothing for {self._source.timeout:g} s"
            raise CameraError(NO_FRAMES, f"{self._source.url}: {silence}")
        return self._now(), self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000

    def _skip_backlog(self) -> None:
        """Pass over what the decoder gathered while it looked at the stream: it comes in one
        rush, and how old each frame is shows only when the rush is over."""
        earliest, since = float("inf"), 0.0
        for _ in range(BACKLOG):
            arrival, position = self._grab()
            self._timeline.at(position, arrival)
            offset = arrival.mono - position
            if offset < earliest - STEADY_S:
                earliest, since = offset, arrival.mono
            elif arrival.mono - since >= SETTLED_S:
                return

    def close(self) -> None:
        self._capture.release()
