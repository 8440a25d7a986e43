"""``/health`` of a bridge: 200 when it carries, else 503 and why not."""

import asyncio
import json
from collections.abc import Callable, Mapping

from linli_settings import redact

READ_S = 5.0


async def serve(host: str, port: int, faults: Callable[[], Mapping[str, str]]) -> asyncio.Server:
    """Answer every request on ``host:port`` with the state of now.

    Raises:
        OSError: the address is taken or not of this machine.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_S):
                await reader.readuntil(b"\r\n\r\n")
            writer.write(response(faults()))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked went away, or asked nothing
        finally:
            writer.close()

    return await asyncio.start_server(answer, host, port, limit=8192)


def response(faults: Mapping[str, str]) -> bytes:
    """The whole HTTP answer."""
    wrong = {name: redact(fault) for name, fault in faults.items() if fault}
    checks = {name: not fault for name, fault in faults.items()}
    body = json.dumps({"alive": True, "ready": not wrong, "checks": checks, "faults": wrong})
    status = "503 Service Unavailable" if wrong else "200 OK"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    data = body.encode()
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data
