"""As much of an MQTT 3.1.1 client as a simulated device needs; thousands fit into one process."""

import asyncio
from collections.abc import Callable

CONNACK, PUBLISH, PUBACK = 2, 3, 4


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return len(raw).to_bytes(2, "big") + raw


def packet(first: int, body: bytes) -> bytes:
    """A packet with its fixed header."""
    size, length = len(body), bytearray()
    while True:
        size, byte = size >> 7, size & 0x7F
        length.append(byte | 0x80 if size else byte)
        if not size:
            return bytes((first,)) + bytes(length) + body


def connect(name: str, will_topic: str, will: bytes) -> bytes:
    """CONNECT: a clean session, a retained last will at QoS 1, 120 s of keep-alive."""
    flags = 0x02 | 0x04 | 0x08 | 0x20
    head = text("MQTT") + bytes((4, flags)) + (120).to_bytes(2, "big")
    return packet(0x10, head + text(name) + text(will_topic) + text(will))


def subscribe(topic: str) -> bytes:
    return packet(0x82, b"\x00\x01" + text(topic) + b"\x01")


def publish(topic: str, payload: bytes, number: int, *, retain: bool = False) -> bytes:
    """A QoS 1 PUBLISH with packet id ``number`` (1 to 65,535)."""
    return packet(0x33 if retain else 0x32, text(topic) + number.to_bytes(2, "big") + payload)


class Session(asyncio.Protocol):
    """One connection; calls back when it is accepted, when something comes, when it is over."""

    def __init__(
        self,
        hello: bytes,
        accepted: Callable[["Session"], None],
        came: Callable[[bytes], None],
        over: Callable[["Session"], None],
    ) -> None:
        self._hello, self._accepted, self._came, self._over = hello, accepted, came, over
        self._left = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._hello)

    def connection_lost(self, _error: Exception | None) -> None:
        self._over(self)

    def send(self, data: bytes) -> None:
        assert self.transport
        self.transport.write(data)

    def cut(self) -> None:
        """As a lost network would end it."""
        assert self.transport
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        data, at = self._left + data, 0
        while (end := _end(data, at)) is not None:
            head, stop = end
            self._packet(data[at], data[head:stop])
            at = stop
        self._left = data[at:]

    def _packet(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == CONNACK:
            self._accepted(self)
        elif kind == PUBLISH:
            start = 2 + int.from_bytes(body[:2], "big")
            if first & 0x06:
                self.send(packet(0x40, body[start : start + 2]))
                start += 2
            self._came(body[start:])


def _end(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at ``at`` begins and ends; None while it is not all there."""
    size, shift, head = 0, 0, at + 1
    while head < len(data):
        byte = data[head]
        size |= (byte & 0x7F) << shift
        head, shift = head + 1, shift + 7
        if not byte & 0x80:
            return (head, head + size) if head + size <= len(data) else None
    return None
