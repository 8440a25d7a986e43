"""A network camera by RTSP."""

import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from edge_agent.cameras.base import CANNOT_OPEN, CameraError
from edge_agent.cameras.decoder import Address
from edge_agent.cameras.diagnosis import explain, unreachable
from edge_agent.cameras.live import LIVE, LiveStream
from edge_agent.cameras.settings import RtspSource
from edge_agent.cameras.stream import Opener, Rest
from edge_agent.clock import Moment
from linli_settings.secrets import resolve


def rtsp_opener(
    source: RtspSource, base: Path, now: Callable[[], Moment], rest: Rest | None = None
) -> Opener:
    """Connects to ``source``; the password is read from its reference each time, so a new one
    counts from the next connection on."""

    def open_(_stop: threading.Event) -> LiveStream:
        password = resolve(source.password, base) if source.password else None
        # a dead camera is noticed at once, so that it is asked again soon
        if why := unreachable(source):
            raise CameraError(CANNOT_OPEN, f"{source.url}: {why}")
        return LiveStream(
            _address(source, password), source.url, now, rest, why=lambda: _why(source)
        )

    return open_


def _address(source: RtspSource, password: str | None) -> Address:
    options = {**LIVE, "rtsp_transport": source.transport}
    url = address(source.url, source.username, password)
    return Address(url, None, options, source.timeout, source.hwaccel)


def _why(source: RtspSource) -> CameraError:
    text, seldom = explain(source)
    return CameraError(CANNOT_OPEN, f"{source.url}: {text}", seldom)


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
