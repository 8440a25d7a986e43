"""A TCP link that a test can stall or cut: what a bad cable or a radio does to a connection."""

import contextlib
import select
import socket
import struct
import threading
from enum import Enum

_TURN_S = 0.05
_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST and throws away what waits


class LinkState(Enum):
    OPEN = "open"
    STALLED = "stalled"
    """Connections stand and nothing passes."""
    CUT = "cut"
    """Connections break, what was under way is lost, and new ones end at once."""


class Link:
    """Forwards connections to ``port`` of this machine.

    Args:
        port: where to.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        """Where clients connect."""
        self.broken = 0
        """Connections that a cut has ended."""
        self._state = LinkState.OPEN
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def set(self, state: LinkState) -> None:
        """Change the link; a cut has happened when this returns."""
        with self._lock:
            self._state = state
            if state is LinkState.CUT:
                self.broken += len(self._pairs) // 2
                for one in list(self._pairs):
                    self._end(one)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        with self._lock:
            for one in list(self._pairs):
                self._end(one)
        self._listener.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock:
                stalled = self._state is LinkState.STALLED
                watched = [self._listener, *(() if stalled else self._pairs)]
            try:
                ready = select.select(watched, [], [], _TURN_S)[0]
            except (OSError, ValueError):
                continue  # a cut closed one of them just now
            with self._lock:
                for one in ready:
                    self._accept() if one is self._listener else self._pass(one)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        if self._state is LinkState.CUT:
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=2)
        except OSError:
            client.close()  # the broker is away
            return
        self._pairs[client], self._pairs[server] = server, client

    def _pass(self, one: socket.socket) -> None:
        other = self._pairs.get(one)
        if other is None or self._state is not LinkState.OPEN:
            return
        try:
            data = one.recv(65536)
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._end(one)

    def _end(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        for end in (one, other):
            if end is None:
                continue
            self._pairs.pop(end, None)
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
            end.close()
