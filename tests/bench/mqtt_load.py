"""A publisher as a process of its own, cheap enough not to be what is measured.

Run with the broker's port, a file of messages (JSON, [[topic, payload], …]), how many may be
without PUBACK, and a rate (messages a second, 0: as fast as they are taken). It writes
``ready``, waits for a line, publishes at QoS 1 over a bare socket and ends when the
acknowledgements on ``linli/v1/330899/+/ack`` cover every message, or after two minutes. With a
fifth argument ``echo`` it subscribes to its own messages instead and ends when all came back.
Then it writes one JSON line: seconds from the first publish to the last PUBACK and to the last
acknowledgement, how many were covered, and the seconds each start of an observation took.
"""

import json
import selectors
import socket
import sys
import time
from pathlib import Path

LIMIT_S = 120.0
_ACK, _ALL = "linli/v1/330899/+/ack", "linli/v1/330899/#"


def length(number: int) -> bytes:
    """A remaining length, as MQTT writes it."""
    out = bytearray()
    while True:
        number, byte = number >> 7, number & 0x7F
        out.append(byte | 0x80 if number else byte)
        if not number:
            return bytes(out)


def publish(topic: str, payload: bytes, number: int) -> bytes:
    """A QoS 1 PUBLISH of MQTT 3.1.1 with packet id ``number``."""
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + number.to_bytes(2, "big") + payload
    return b"\x32" + length(len(body)) + body


class Load:
    """One connection."""

    def __init__(self, port: int, topic: str, name: bytes = b"load") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        variable = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
        self.socket.sendall(b"\x10" + length(len(variable)) + variable)
        named = topic.encode()
        subscribe = b"\x00\x01" + len(named).to_bytes(2, "big") + named + b"\x00"
        self.socket.sendall(b"\x82" + length(len(subscribe)) + subscribe)
        self.left = b""
        self.acked = 0
        """PUBACKs of the broker."""
        self.covered = 0
        """Messages that acknowledgements of the hub cover."""
        self.began: dict[tuple[str, int], float] = {}
        """When the start of an observation was sent, by device and sequence."""
        self.took: list[float] = []
        while b"\x90" not in self.left:
            self.left += self.socket.recv(4096)
        self.left = b""
        self.socket.setblocking(False)

    def read(self) -> None:
        """Take in what came."""
        try:
            data = self.left + self.socket.recv(1 << 20)
        except BlockingIOError:
            return
        at, end = 0, len(data)
        while at + 2 <= end:
            size, shift, head = 0, 0, at + 1
            while head < end:
                byte = data[head]
                size |= (byte & 0x7F) << shift
                head, shift = head + 1, shift + 7
                if not byte & 0x80:
                    break
            if head + size > end:
                break
            self._packet(data[at] >> 4, data[head : head + size])
            at = head + size
        self.left = data[at:]

    def _packet(self, kind: int, body: bytes) -> None:
        if kind == 4:
            self.acked += 1
        elif kind == 3:
            end = 2 + int.from_bytes(body[:2], "big")
            device, said = body[2:end].decode().split("/")[3], json.loads(body[end:])
            if "ranges" not in said:
                said = {"ranges": [{"first": int(said["sequence"]), "last": int(said["sequence"])}]}
            for one in said["ranges"]:
                self._cover(device, one["first"], one["last"])

    def _cover(self, device: str, first: int, last: int) -> None:
        self.covered += last - first + 1
        now = time.perf_counter()
        for sequence in range(first, last + 1) if self.began else ():
            sent = self.began.pop((device, sequence), None)
            if sent is not None:
                self.took.append(now - sent)

    def run(
        self,
        packets: list[bytes],
        starts: dict[int, tuple[str, int]],
        window: int,
        rate: float,
    ) -> tuple[float, float]:
        """Publish everything; seconds to the last PUBACK and to the last acknowledgement."""
        selector = selectors.DefaultSelector()
        selector.register(self.socket, selectors.EVENT_READ)
        start = time.perf_counter()
        sent, puback, pending = 0, 0.0, b""
        while self.covered < len(packets) and time.perf_counter() - start < LIMIT_S:
            due = len(packets) if not rate else int((time.perf_counter() - start) * rate) + 1
            room = min(len(packets), due, self.acked + window) - sent
            if room > 0 and not pending:
                pending = b"".join(packets[sent : sent + room])
                now = time.perf_counter()
                for number in range(sent, sent + room) if rate else ():
                    if number in starts:
                        self.began[starts[number]] = now
                sent += room
            pending = self._send(pending)
            selector.select(0.0005 if pending or rate else 0.05)
            self.read()
            if not puback and self.acked >= len(packets):
                puback = time.perf_counter() - start
        return puback, time.perf_counter() - start

    def _send(self, pending: bytes) -> bytes:
        try:
            return pending[self.socket.send(pending) :] if pending else b""
        except BlockingIOError:
            return pending


def main() -> None:
    """See the module."""
    port, file, window, rate = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    messages = json.loads(Path(file).read_bytes())
    packets = [
        publish(topic, text.encode(), n % 65535 + 1) for n, (topic, text) in enumerate(messages)
    ]
    starts = {}
    for number, (topic, text) in enumerate(messages):
        if '"phase":"start"' in text:
            starts[number] = (topic.split("/")[3], int(json.loads(text)["sequence"]))
    load = Load(port, _ALL if "echo" in sys.argv else _ACK)
    print("ready", flush=True)
    sys.stdin.readline()
    puback, covered = load.run(packets, starts, window, rate)
    said = {"puback_s": puback, "covered_s": covered, "covered": load.covered, "took": load.took}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
