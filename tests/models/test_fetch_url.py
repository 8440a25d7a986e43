"""Addresses: each is tried with a short limit, what arrives is checked, the cache stays whole."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from linli_models import (
    FetchError,
    Limits,
    Moved,
    NotAvailableError,
    Skipped,
    UnreachableError,
    WrongHashError,
    fetch,
    locate,
)
from tests.models.local_server import BODY, LocalServer
from tests.models.rows import catalogue_of, folder_source, url_source

SHORT = Limits(connect_s=0.4, stall_s=0.4)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer() as running:
        yield running


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_good_address_gives_the_file_and_shows_how_far_it_is(
    server: LocalServer, tmp_path: Path
) -> None:
    steps: list[Skipped | Moved] = []
    rows = catalogue_of(url_source(server.url("good")))
    got = fetch("thing", tmp_path, progress=steps.append, env={}, rows=rows)
    assert got.path == tmp_path / "thing" / "thing.bin"
    assert got.path.read_bytes() == BODY
    assert got.source == server.url("good")
    assert isinstance(steps[-1], Moved)
    assert (steps[-1].done, steps[-1].total) == (len(BODY), len(BODY))


def test_a_second_fetch_asks_nobody(server: LocalServer, tmp_path: Path) -> None:
    rows = catalogue_of(url_source(server.url("good")))
    first = fetch("thing", tmp_path, env={}, rows=rows)
    assert fetch("thing", tmp_path, env={}, rows=rows) == first
    assert locate("thing", tmp_path, {}, rows) == first
    assert server.asked == ["/good"]


def test_an_address_that_moved_is_followed(server: LocalServer, tmp_path: Path) -> None:
    rows = catalogue_of(url_source(server.url("moved")))
    assert fetch("thing", tmp_path, env={}, rows=rows).path.read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("silent", UnreachableError, "Timeout|no answer"),
        ("stalls", UnreachableError, "Timeout|no answer"),
        ("trickles", UnreachableError, "too slow"),
        ("cut", UnreachableError, "peer closed|broke off"),
        ("short", UnreachableError, "broke off after 5000 of 204800 bytes"),
        ("busy", UnreachableError, "503"),
        ("nothing-here", NotAvailableError, "404"),
        ("wrong", WrongHashError, "sha256: expected .*, found "),
        ("long", WrongHashError, "size: expected 204800 bytes, more arrived"),
    ],
)
def test_a_bad_address_is_said_and_leaves_nothing(
    server: LocalServer, tmp_path: Path, path: str, kind: type[FetchError], said: str
) -> None:
    steps: list[Skipped | Moved] = []
    rows = catalogue_of(url_source(server.url(path)))
    with pytest.raises(kind, match=said) as caught:
        fetch("thing", tmp_path, progress=steps.append, env={}, limits=SHORT, rows=rows)
    assert type(caught.value) is kind
    assert caught.value.retry is (kind is UnreachableError)
    assert "bring your own" in str(caught.value)
    assert "请自备" in str(caught.value)
    skipped = [step for step in steps if isinstance(step, Skipped)]
    assert [step.source for step in skipped] == [server.url(path)]
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_closed_port_is_unreachable(tmp_path: Path) -> None:
    rows = catalogue_of(url_source(f"http://127.0.0.1:{closed_port()}/x"))
    with pytest.raises(UnreachableError, match="ConnectError"):
        fetch("thing", tmp_path, env={}, limits=SHORT, rows=rows)


def test_a_name_server_that_never_answers_does_not_hold_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()

    def getaddrinfo(*_args: object, **_kwargs: object) -> object:
        answered.wait()
        raise socket.gaierror("at last")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    rows = catalogue_of(url_source("http://models.invalid/x"))
    try:
        with pytest.raises(UnreachableError, match="no answer for"):
            fetch("thing", tmp_path, env={}, limits=SHORT, rows=rows)
    finally:
        answered.set()


@pytest.mark.parametrize("first", ["cut", "wrong", "busy", "nothing-here", "short"])
def test_the_next_source_is_tried(server: LocalServer, tmp_path: Path, first: str) -> None:
    steps: list[Skipped | Moved] = []
    rows = catalogue_of(url_source(server.url(first)), url_source(server.url("good")))
    got = fetch("thing", tmp_path, progress=steps.append, env={}, limits=SHORT, rows=rows)
    assert got.path.read_bytes() == BODY
    assert got.source == server.url("good")
    assert [step.source for step in steps if isinstance(step, Skipped)] == [server.url(first)]


def test_a_damaged_copy_in_the_cache_is_said_and_replaced(
    server: LocalServer, tmp_path: Path
) -> None:
    rows = catalogue_of(folder_source(), url_source(server.url("good")))
    path = fetch("thing", tmp_path, env={}, rows=rows).path
    path.write_bytes(BODY[:-1] + b"?")
    with pytest.raises(WrongHashError, match="sha256"):
        locate("thing", tmp_path, {}, rows)
    steps: list[Skipped | Moved] = []
    assert fetch("thing", tmp_path, progress=steps.append, env={}, rows=rows).path == path
    assert path.read_bytes() == BODY
    reasons = [step.reason for step in steps if isinstance(step, Skipped)]
    assert any("sha256: expected" in reason for reason in reasons)
