"""Pictures by HTTPS against a real HTTP server that takes, refuses and vanishes."""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge_agent.outbox import Outbox, PictureQueue
from edge_agent.publisher import HubSettings, PictureUploader
from linli_contract.envelope import decode, decode_data
from linli_contract.payloads import AckRange, Picture, Tombstone
from tests.edge_agent.outbox.outbox_kit import draft, open_outbox
from tests.edge_agent.publisher.publisher_kit import NOW, eventually
from tests.support.mosquitto import free_port

JPEG = b"\xff\xd8 a picture \xff\xd9"
SHA = hashlib.sha256(JPEG).hexdigest()
PICTURE = Picture(SHA, "near", 64, 48, len(JPEG))


@dataclass
class PictureHub:
    """The hub's side of the PUT."""

    answers: list[int] = field(default_factory=list)
    """Taken from the front; 201 when empty."""
    got: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    port: int = 0


@contextmanager
def serving(hub: PictureHub) -> Iterator[PictureHub]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hub.got.append(
                (self.path, self.headers["Authorization"], self.headers["Content-Type"], body)
            )
            self.send_response(hub.answers.pop(0) if hub.answers else 201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", hub.port), Handler)
    hub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class Uploading:
    outbox: Outbox
    queue: PictureQueue
    uploader: PictureUploader
    file: Path


@contextmanager
def uploading(
    folder: Path,
    port: int,
    max_bytes: int = 10**9,
    with_file: bool = True,
    keep_s: float = 0.0,
) -> Iterator[Uploading]:
    token = folder / "token"
    token.write_text("device-token")
    token.chmod(0o600)
    pictures = folder / "pictures"
    pictures.mkdir()
    file = pictures / f"{SHA}.jpg"
    if with_file:
        file.write_bytes(JPEG)
    database, outbox = open_outbox(folder)
    queue = PictureQueue(database)
    settings = HubSettings(url=f"http://127.0.0.1:{port}/", token="file:token")
    uploader = PictureUploader(
        settings, queue, outbox, pictures, max_bytes, NOW, folder, lambda: 0.0, keep_s
    )
    outbox.append(draft(pictures=(PICTURE,), at=NOW()), NOW())
    uploader.start()
    try:
        yield Uploading(outbox, queue, uploader, file)
    finally:
        uploader.stop()


def _confirm_event(outbox: Outbox) -> None:
    outbox.take(NOW().mono, 1)
    outbox.confirm([AckRange(outbox.epoch, 1, 1)])


def _stone(outbox: Outbox) -> Tombstone:
    [row] = [r for r in outbox.take(NOW().mono, 9) if r.topic.endswith("tombstone")]
    return decode_data(decode(row.body), Tombstone)


def test_a_delivered_picture_may_stay_for_a_while(tmp_path: Path) -> None:
    with serving(PictureHub()) as hub, uploading(tmp_path, hub.port, keep_s=3600) as parts:
        _confirm_event(parts.outbox)
        eventually(lambda: parts.uploader.counters.delivered == 1, "the picture delivered")
        assert parts.queue.waiting() == 0
        assert parts.file.exists()


def test_it_goes_after_its_event_and_its_file_goes_after_it(tmp_path: Path) -> None:
    with serving(PictureHub()) as hub, uploading(tmp_path, hub.port) as parts:
        assert parts.queue.due(NOW().mono) is None
        _confirm_event(parts.outbox)
        eventually(lambda: parts.uploader.counters.delivered == 1, "delivery")
        eventually(lambda: not parts.file.exists(), "the file gone")
        assert parts.queue.waiting() == 0
    assert hub.got == [(f"/api/v1/pictures/{SHA}", "Bearer device-token", "image/jpeg", JPEG)]


@pytest.mark.parametrize(("code", "fault"), [(503, "hub_unreachable"), (401, "hub_token")])
def test_a_refusal_that_may_pass_is_tried_again(tmp_path: Path, code: int, fault: str) -> None:
    with serving(PictureHub([code])) as hub, uploading(tmp_path, hub.port) as parts:
        _confirm_event(parts.outbox)
        eventually(lambda: parts.uploader.faults(), "the fault")
        assert parts.uploader.faults() == (f"{fault}: HTTP {code}",)
        assert parts.file.exists()
        eventually(lambda: parts.uploader.counters.delivered == 1, "the second try")
        assert parts.uploader.faults() == ()


def test_a_hub_away_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    with uploading(tmp_path, port) as parts:
        _confirm_event(parts.outbox)
        eventually(lambda: parts.uploader.counters.failed >= 1, "a failed try")
        assert parts.uploader.faults() == ("hub_unreachable: ConnectError",)
        with serving(PictureHub(port=port)) as hub:
            eventually(lambda: parts.uploader.counters.delivered == 1, "delivery")
            assert len(hub.got) == 1


def test_a_picture_the_hub_can_never_take_leaves_a_tombstone(tmp_path: Path) -> None:
    with serving(PictureHub([422])) as hub, uploading(tmp_path, hub.port) as parts:
        _confirm_event(parts.outbox)
        eventually(lambda: parts.uploader.counters.dropped == 1, "given up")
        eventually(lambda: not parts.file.exists(), "the file gone")
        stone = _stone(parts.outbox)
        assert (stone.lane, stone.first, stone.last, stone.count) == ("pictures", 1, 1, 1)
        assert stone.cause == "picture_refused_422"
    assert len(hub.got) == 1


def test_a_file_that_vanished_leaves_a_tombstone(tmp_path: Path) -> None:
    with (
        serving(PictureHub()) as hub,
        uploading(tmp_path, hub.port, with_file=False) as parts,
    ):
        _confirm_event(parts.outbox)
        eventually(lambda: parts.uploader.counters.dropped == 1, "given up")
        assert _stone(parts.outbox).cause == "picture_file_missing"
    assert hub.got == []


def test_beyond_the_bound_the_oldest_go(tmp_path: Path) -> None:
    with uploading(tmp_path, free_port(), max_bytes=len(JPEG) - 1) as parts:
        eventually(lambda: parts.uploader.counters.dropped == 1, "dropped, its event still here")
        eventually(lambda: not parts.file.exists(), "the file gone")
        assert _stone(parts.outbox).cause == "pictures_full"


def test_a_file_that_nothing_waits_for_is_deleted_once_it_is_old(tmp_path: Path) -> None:
    with uploading(tmp_path, free_port()):
        pass
    old, young = (tmp_path / "pictures" / f"{c * 64}.jpg" for c in "de")
    for file in (old, young):
        file.write_bytes(b"orphan")
    os.utime(old, (0, 0))
    waiting = tmp_path / "pictures" / f"{SHA}.jpg"
    os.utime(waiting, (0, 0))
    database, outbox = open_outbox(tmp_path)
    settings = HubSettings(url="http://127.0.0.1:9", token="file:token")
    uploader = PictureUploader(
        settings, PictureQueue(database), outbox, tmp_path / "pictures", 10**9, NOW, tmp_path
    )
    uploader.start()
    eventually(lambda: not old.exists(), "the orphan gone")
    uploader.stop()
    assert young.exists()
    assert waiting.exists()
