"""Why does a network camera not open? OpenCV does not say; one question to the camera does."""

import socket
from urllib.parse import urlsplit

from edge_agent.cameras.settings import RtspSource

_PORT = 554
_LINE_LIMIT = 256


def explain(source: RtspSource) -> str:
    """One sentence for the technician. Sends no credentials."""
    parts = urlsplit(source.url)
    host, port = parts.hostname or "", parts.port or _PORT
    try:
        with socket.create_connection((host, port), timeout=source.timeout) as connection:
            if parts.scheme == "rtsps":
                return f"{host}:{port} answers, but the stream cannot be opened"
            return _verdict(_ask(connection, source.url), source)
    except TimeoutError:
        return f"{host}:{port} does not answer within {source.timeout:g} s"
    except OSError as error:
        return f"{host}:{port} cannot be reached: {error.strerror or error}"


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
