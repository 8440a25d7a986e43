"""Sends what is written within one turn of the event loop at one blow.

gmqtt writes each PUBACK by itself, hundreds after one commit. Each would be a call of the system,
and after each the loop's thread waits for the interpreter, which the pipeline's thread holds for
up to 5 ms at a time (``sys.getswitchinterval``).
"""

import asyncio


def gather_writes(transport: asyncio.Transport) -> None:
    """From now on ``transport`` sends once a turn; closing it sends what is left first."""
    write, close = transport.write, transport.close
    loop, parts = asyncio.get_running_loop(), list[bytes]()

    def flush() -> None:
        if parts:
            whole = b"".join(parts)
            parts.clear()
            write(whole)

    def later(data: bytes | bytearray | memoryview) -> None:
        if not parts:
            loop.call_soon(flush)
        parts.append(bytes(data))

    def last() -> None:
        flush()
        close()

    # gmqtt holds the transport in two places and offers no way to give it another
    transport.write = later  # type: ignore[method-assign]
    transport.close = last  # type: ignore[method-assign]
