"""The page's small HTTP server: this machine only, for the holder of one address only.

Whoever opens the printed address first gets a session cookie; the address is spent then. A page
of another origin can neither read (it has no CORS) nor write: a change needs this page's own
``Origin`` and a header that no form can send. A name other than this machine's own is refused, so
that no foreign name that resolves to 127.0.0.1 gets in.
"""

import json
import secrets
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog

LOOPBACK = "127.0.0.1"
_NAMES = {LOOPBACK, "localhost"}
_MAX_BODY = 1_000_000
_HEADER = "X-Linli-Zones"
_STATIC = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/shapes.js": ("shapes.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
    "/panel.js": ("panel.js", "text/javascript; charset=utf-8"),
}
_SAFE = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Answer = tuple[HTTPStatus, Any]
Route = Callable[[dict[str, Any]], Answer]
_log = structlog.get_logger(__name__)


class Server:
    """Serves the page until stopped.

    Args:
        port: 0 takes a free one.
        routes: ``GET /api/…`` and ``PUT /api/…`` by (method, path); each takes the query's or the
            body's values and gives a status and what becomes JSON.
    """

    def __init__(self, port: int, routes: dict[tuple[str, str], Route]) -> None:
        self._http = _Http((LOOPBACK, port), routes)
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.2,), name="zones-page", daemon=True
        )

    @property
    def address(self) -> str:
        """The address to open, with its one-time token."""
        port = self._http.server_address[1]
        return f"http://{LOOPBACK}:{port}/?token={self._http.token}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(2.0)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], routes: dict[tuple[str, str], Route]) -> None:
        super().__init__(address, _Handler)
        self.routes = routes
        self.token = secrets.token_urlsafe(24)
        self.session = secrets.token_urlsafe(24)
        self._spent = threading.Lock()

    def spend(self, token: str) -> bool:
        """Whether ``token`` is the address's, and opened for the first time."""
        right = secrets.compare_digest(token.encode(), self.token.encode())
        return right and self._spent.acquire(blocking=False)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    server_version = "linli"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        if not self._this_machine():
            self._say(HTTPStatus.MISDIRECTED_REQUEST, "this address is 127.0.0.1 only")
        elif url.path == "/" and "token" in query:
            self._enter(query["token"])
        elif not self._known():
            self._say(HTTPStatus.FORBIDDEN, _SPENT)
        elif url.path in _STATIC:
            self._file(*_STATIC[url.path])
        else:
            self._route("GET", url.path, query)

    def do_PUT(self) -> None:
        if not (self._this_machine() and self._known() and self._own_page()):
            self.close_connection = True  # its body stays unread
            self._say(HTTPStatus.FORBIDDEN, "only the page itself may do this")
            return
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self.close_connection = True
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large")
            return
        try:
            body = json.loads(self.rfile.read(length))
        except ValueError:
            self._say(HTTPStatus.BAD_REQUEST, "expected JSON")
            return
        self._route("PUT", urlsplit(self.path).path, body)

    def _this_machine(self) -> bool:
        return urlsplit(f"//{self.headers.get('Host', '')}").hostname in _NAMES

    def _known(self) -> bool:
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            return False
        held = cookie.get(self._cookie_name())
        return held is not None and secrets.compare_digest(
            held.value.encode(), self.server.session.encode()
        )

    def _cookie_name(self) -> str:
        # cookies do not tell ports apart: two pages at once have two names
        return f"linli_zones_{self.server.server_address[1]}"

    def _own_page(self) -> bool:
        own = f"http://{self.headers.get('Host', '')}"
        return self.headers.get("Origin") == own and self.headers.get(_HEADER) == "1"

    def _enter(self, token: str) -> None:
        if not self._known() and not self.server.spend(token):
            self._say(HTTPStatus.FORBIDDEN, _SPENT)
            return
        value = f"{self._cookie_name()}={self.server.session}; Path=/; HttpOnly; SameSite=Strict"
        self._answer(
            HTTPStatus.SEE_OTHER, b"", "text/plain", {"Location": "/", "Set-Cookie": value}
        )

    def _file(self, name: str, kind: str) -> None:
        data = files("edge_agent.zones_page").joinpath("static", name).read_bytes()
        self._answer(HTTPStatus.OK, data, kind)

    def _route(self, method: str, path: str, values: dict[str, Any]) -> None:
        route = self.server.routes.get((method, path))
        if route is None:
            self._say(HTTPStatus.NOT_FOUND, "nothing is here")
            return
        try:
            status, body = route(values)
        except Exception:  # noqa: BLE001 - one request fails, and says so; the page lives on
            _log.exception("zones page failed", path=path)
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, "failed; the terminal says why")
            return
        self._answer(status, json.dumps(body, ensure_ascii=False).encode(), "application/json")

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8")

    def _answer(
        self, status: HTTPStatus, body: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **_SAFE, **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the token stands in the first request's line."""


_SPENT = (
    "此地址已用过，请重新运行 edge-agent zones · this address is spent: run edge-agent zones again"
)
