"""``/health`` of a bridge: 200 when it carries, else 503 and why not; ``/health/alive`` and
``/metrics`` beside it."""

import asyncio
import json
from collections.abc import Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from linli_settings import redact

READ_S = 5.0
_JSON = "application/json"


async def serve(
    host: str, port: int, faults: Callable[[], Mapping[str, str]], figures: Collector
) -> asyncio.Server:
    """Answer requests on ``host:port`` with the state of now.

    Raises:
        OSError: the address is taken or not of this machine.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_S):
                request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ", 2)[1:2]
            writer.write(_answer(path[0] if path else b"", faults, figures))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked went away, or asked nothing
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port, limit=8192)


def _answer(path: bytes, faults: Callable[[], Mapping[str, str]], figures: Collector) -> bytes:
    if path == b"/metrics":
        return _response("200 OK", CONTENT_TYPE_LATEST, generate_latest(figures))
    if path == b"/health/alive":  # all of a bridge is in this loop, which answers
        return _response("200 OK", _JSON, b'{"alive": true, "fault": ""}')
    return health(faults())


def health(faults: Mapping[str, str]) -> bytes:
    """The whole HTTP answer."""
    wrong = {name: redact(fault) for name, fault in faults.items() if fault}
    checks = {name: not fault for name, fault in faults.items()}
    body = json.dumps({"alive": True, "ready": not wrong, "checks": checks, "faults": wrong})
    status = "503 Service Unavailable" if wrong else "200 OK"
    return _response(status, _JSON, body.encode())


def _response(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
