"""A web server on this machine that is good, slow, broken off, wrong or silent, by path."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

BODY = bytes(range(256)) * 800
"""204,800 bytes"""


class _Handler(BaseHTTPRequestHandler):
    server: "LocalServer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        behave = getattr(self, f"_{self.path.strip('/')}", None)
        if behave is None:
            self.send_error(404)
        else:
            behave()

    def _head(self, length: int | None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def _good(self) -> None:
        self._head(len(BODY))
        self.wfile.write(BODY)

    def _moved(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/good")
        self.end_headers()

    def _silent(self) -> None:
        self.server.until_closed.wait()

    def _stalls(self) -> None:
        self._head(len(BODY))
        self.wfile.write(BODY[:1000])
        self.wfile.flush()
        self.server.until_closed.wait()

    def _trickles(self) -> None:
        """Never still, never done: one byte at a time."""
        self._head(len(BODY))
        while not self.server.until_closed.is_set():
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.02)

    def _cut(self) -> None:
        self._head(len(BODY))
        self.wfile.write(BODY[:5000])

    def _short(self) -> None:
        """Ends early and says nothing of a length."""
        self._head(None)
        self.wfile.write(BODY[:5000])

    def _long(self) -> None:
        self._head(None)
        self.wfile.write(BODY + b"more")

    def _wrong(self) -> None:
        self._head(len(BODY))
        self.wfile.write(b"\0" * len(BODY))

    def _busy(self) -> None:
        self.send_error(503)

    def log_message(self, format: str, *args: object) -> None:
        """Not into the tests' output."""


class LocalServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.until_closed = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def __enter__(self) -> "LocalServer":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.until_closed.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
