"""Stops reading a connection while too many of its messages wait for the ledger.

The receive maximum alone does not bound them: Mosquitto 2.0.11, once a client has returned its
first window at one blow, sends far more than the window (measured: 3,000 at once of 1,000
allowed). What is not read stays with the broker, which may hold more than we want in memory.
"""

import asyncio
from typing import Protocol


class Readable(Protocol):
    """What a connection's transport can do."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def is_closing(self) -> bool: ...


class Brake:
    """For one connection.

    Args:
        most: messages that may wait; reading goes on when half of them are left.
    """

    def __init__(self, transport: Readable, most: int) -> None:
        self._transport = transport
        self._most = most
        self._waiting = 0
        self.held = False
        """Whether the connection is not being read now."""

    def __enter__(self) -> "Brake":
        self._waiting += 1
        if self._waiting >= self._most and not self.held and not self._transport.is_closing():
            self.held = True
            self._transport.pause_reading()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting -= 1
        if self.held and self._waiting <= self._most // 2:
            self.held = False
            if not self._transport.is_closing():
                self._transport.resume_reading()


def transport_of(connection: object) -> asyncio.Transport:
    """The transport of a gmqtt connection, which has no public way to stop reading."""
    transport = getattr(connection, "_transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise TypeError(f"gmqtt connection: expected one with a transport, got {connection!r}")
    return transport
