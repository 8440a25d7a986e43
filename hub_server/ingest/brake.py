"""Stops reading a connection while too many or too large messages of it wait for the ledger.

The receive maximum alone does not bound them: Mosquitto 2.0.11, once a client has returned its
first window at one blow, sends far more than the window (measured: 3,000 at once of 1,000
allowed). What is not read stays with the broker, which may hold more than we want in memory.
"""

import asyncio
from typing import Protocol

MOST_BYTES = 64 * 1024 * 1024


class Readable(Protocol):
    """What a connection's transport can do."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def is_closing(self) -> bool: ...


class Brake:
    """For one connection.

    Args:
        most: messages that may wait; reading goes on when half of them are left.
        most_bytes: of their payloads, likewise.
    """

    def __init__(self, transport: Readable, most: int, most_bytes: int = MOST_BYTES) -> None:
        self._transport = transport
        self._most, self._most_bytes = most, most_bytes
        self._waiting = self._bytes = 0
        # asyncio's StreamReader stops and starts reading by itself, and would undo ours
        self._resume = transport.resume_reading
        transport.resume_reading = self._resume_unless_held  # type: ignore[method-assign]
        self.held = False
        """Whether the connection is not being read now."""

    def came(self, size: int) -> None:
        """A message of ``size`` bytes waits from now on."""
        self._waiting += 1
        self._bytes += size
        full = self._waiting >= self._most or self._bytes >= self._most_bytes
        if full and not self.held and not self._transport.is_closing():
            self.held = True
            self._transport.pause_reading()

    def gone(self, size: int) -> None:
        """It waits no more."""
        self._waiting -= 1
        self._bytes -= size
        if self.held and self._waiting <= self._most // 2 and self._bytes <= self._most_bytes // 2:
            self.held = False
            if not self._transport.is_closing():
                self._resume()

    def _resume_unless_held(self) -> None:
        if not self.held:
            self._resume()


def transport_of(connection: object) -> asyncio.Transport:
    """The transport of a gmqtt connection, which has no public way to stop reading."""
    transport = getattr(connection, "_transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError(f"gmqtt connection: expected one with a transport, got {connection!r}")
    return transport
