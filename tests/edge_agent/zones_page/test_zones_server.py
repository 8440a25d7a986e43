"""Who gets in: this machine, the holder of the address, the page itself."""

import http.client
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import pytest

from edge_agent.zones_page.server import Answer, Server


class Client:
    """Plain HTTP, so that every header can be wrong."""

    def __init__(self, server: Server) -> None:
        url = urlsplit(server.address)
        self.port, self.entry = url.port or 0, f"{url.path}?{url.query}"
        self.cookie = ""

    def ask(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.msg
        connection.close()
        return found

    def enter(self) -> None:
        status, _, message = self.ask(self.entry)
        assert status == HTTPStatus.SEE_OTHER
        self.cookie = message["Set-Cookie"].partition(";")[0]
        assert "HttpOnly" in message["Set-Cookie"]
        assert "SameSite=Strict" in message["Set-Cookie"]

    def put(self, body: bytes = b"{}", **headers: str) -> int:
        own = {"Origin": f"http://127.0.0.1:{self.port}", "X_Linli_Zones": "1"}
        return self.ask("/api/drawing", "PUT", body, **(own | headers))[0]


@pytest.fixture
def puts() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def client(puts: list[dict[str, Any]]) -> Iterator[Client]:
    def get(query: dict[str, Any]) -> Answer:
        if "fail" in query:
            raise RuntimeError("a defect")
        return HTTPStatus.OK, {"secret": 1}

    def put(body: dict[str, Any]) -> Answer:
        puts.append(body)
        return HTTPStatus.OK, {}

    server = Server(0, {("GET", "/api/drawing"): get, ("PUT", "/api/drawing"): put})
    server.start()
    yield Client(server)
    server.stop()


def test_it_listens_on_loopback_only(client: Client) -> None:
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - no regular file
        rows = [line.split() for line in table if f":{client.port:04X} " in line]
    listening = [row[1] for row in rows if row[3] == "0A"]
    assert listening == [f"0100007F:{client.port:04X}"]


@pytest.mark.parametrize("path", ["/", "/page.js", "/api/drawing", "/?token=guess"])
def test_without_the_address_nothing_is_shown(client: Client, path: str) -> None:
    status, body, _ = client.ask(path)
    assert status == HTTPStatus.FORBIDDEN
    assert b"secret" not in body


def test_the_address_is_spent_once_and_the_session_stays(client: Client) -> None:
    client.enter()
    assert client.ask("/")[0] == HTTPStatus.OK
    assert json.loads(client.ask("/api/drawing")[1]) == {"secret": 1}
    kept, client.cookie = client.cookie, ""
    assert client.ask(client.entry)[0] == HTTPStatus.FORBIDDEN
    client.cookie = kept
    assert client.ask(client.entry)[0] == HTTPStatus.SEE_OTHER


def test_a_foreign_name_for_this_machine_is_refused(client: Client) -> None:
    client.enter()
    assert client.ask("/", Host="evil.example")[0] == HTTPStatus.MISDIRECTED_REQUEST
    assert client.ask("/", Host=f"localhost:{client.port}")[0] == HTTPStatus.OK
    assert client.put(Host="evil.example", Origin="http://evil.example") == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"X_Linli_Zones": "0"},
        {"Cookie": "linli_zones_1=guess"},
    ],
)
def test_no_other_page_can_write(
    client: Client, puts: list[dict[str, Any]], headers: dict[str, str]
) -> None:
    client.enter()
    assert client.put(**headers) == HTTPStatus.FORBIDDEN
    assert puts == []


def test_the_page_itself_can(client: Client, puts: list[dict[str, Any]]) -> None:
    client.enter()
    assert client.put(b'{"a": 1}') == HTTPStatus.OK
    assert puts == [{"a": 1}]
    assert client.put(b"{") == HTTPStatus.BAD_REQUEST
    assert client.put(b"", Content_Length="1000001") == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_every_answer_forbids_frames_scripts_of_others_and_caches(client: Client) -> None:
    client.enter()
    headers = client.ask("/")[2]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Access-Control-Allow-Origin"] is None


def test_a_request_that_fails_says_so_and_the_page_lives_on(client: Client) -> None:
    client.enter()
    assert client.ask("/api/drawing?fail=1")[0] == HTTPStatus.INTERNAL_SERVER_ERROR
    assert client.ask("/api/nothing")[0] == HTTPStatus.NOT_FOUND
    assert client.ask("/api/drawing")[0] == HTTPStatus.OK
