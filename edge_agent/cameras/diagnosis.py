"""Why does a network camera not open? The decoder does not say; one question to the camera does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from edge_agent.cameras.settings import RtspSource

REACH_S = 1.5
"""Longest wait for a camera's port: a host on the same network answers within milliseconds."""
_PORT = 554
_LINE_LIMIT = 256
_FUTILE = {"401", "403", "404"}
"""Asking again soon gets the same answer, and cameras lock accounts after wrong passwords."""


class _DeafError(Exception):
    """Nobody answers; the text says how."""


def unreachable(source: RtspSource) -> str:
    """Why nobody listens at the camera's address; empty when somebody does."""
    try:
        with _connected(source, min(source.timeout, REACH_S)):
            return ""
    except _DeafError as error:
        return str(error)


def explain(source: RtspSource) -> tuple[str, bool]:
    """One sentence for the technician, and whether asking again soon is of no use. Sends no
    credentials."""
    host, port = _where(source)
    try:
        with _connected(source, source.timeout) as connection:
            if urlsplit(source.url).scheme == "rtsps":
                return f"{host}:{port} answers, but the stream cannot be opened", False
            status = _ask(connection, source.url)
    except _DeafError as error:
        return str(error), False
    return _verdict(status, source), status in _FUTILE


def _where(source: RtspSource) -> tuple[str, int]:
    parts = urlsplit(source.url)
    return parts.hostname or "", parts.port or _PORT


@contextmanager
def _connected(source: RtspSource, limit: float) -> Iterator[socket.socket]:
    host, port = _where(source)
    try:
        with socket.create_connection((host, port), timeout=limit) as connection:
            yield connection
    except TimeoutError:
        raise _DeafError(f"{host}:{port} does not answer within {limit:g} s") from None
    except OSError as error:
        raise _DeafError(f"{host}:{port} cannot be reached: {error.strerror or error}") from None


def _ask(connection: socket.socket, url: str) -> str:
    """The camera's status code to DESCRIBE (RFC 2326, 10.2); empty if it speaks no RTSP."""
    request = f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
    connection.sendall(request.encode())
    words = connection.recv(_LINE_LIMIT).decode("latin-1").split(maxsplit=2)
    return words[1] if len(words) > 1 and words[0].startswith("RTSP/") else ""


def _verdict(status: str, source: RtspSource) -> str:
    match status:
        case "401" if source.username is None:
            return "the camera wants a username and a password"
        case "401":
            return "the camera refuses this username or password"
        case "404":
            return "the camera has no such stream: check the path"
        case "200":
            return f"the camera answers, but gives no video by {source.transport}"
        case "":
            return "what answers there speaks no RTSP"
    return f"the camera answers with RTSP status {status}"
