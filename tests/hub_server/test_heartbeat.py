"""The dead man's switch, against a real HTTP server: it speaks only while the hub is ready."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub_server.heartbeat import BEATS, Heartbeat
from hub_server.metrics.meter import Meter
from hub_server.settings import HeartbeatSettings
from linli_settings import ConfigError
from tests.support.hub_process import until

SECRET = "ping-5f1c2d"


class Outside:
    """What listens; answers with ``status``."""

    def __init__(self) -> None:
        self.heard: list[dict[str, object]] = []
        self.status = 200
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outside.heard.append({"path": self.path, **json.loads(body)})
                self.send_response(outside.status)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def outside() -> Iterator[Outside]:
    listening = Outside()
    yield listening
    listening.server.shutdown()


def make(url: str, folder: Path, faults: dict[str, str], meter: Meter) -> Heartbeat:
    secret = folder / "heartbeat.url"
    secret.touch(mode=0o600)
    secret.write_text(url)
    settings = HeartbeatSettings(url="file:heartbeat.url", interval="5s", timeout="1s")
    quick = settings.model_copy(update={"interval": 0.02})
    return Heartbeat(quick, folder, "330899", lambda: faults, meter)


def test_it_is_heard_while_every_part_is_ready_and_silent_while_one_is_not(
    outside: Outside, tmp_path: Path
) -> None:
    faults = {"ingest": ""}
    meter = Meter()
    beating = make(outside.url, tmp_path, faults, meter)
    beating.start()
    until(lambda: len(outside.heard) >= 3)
    faults["ingest"] = "not connected"
    until(lambda: meter.value(BEATS, "withheld") >= 3)
    silent = len(outside.heard)
    until(lambda: meter.value(BEATS, "withheld") >= 10)
    assert len(outside.heard) == silent
    faults["ingest"] = ""
    until(lambda: len(outside.heard) > silent)
    beating.stop()
    assert outside.heard[0] == {"path": f"/{SECRET}", "county": "330899"}


@pytest.mark.parametrize("broken", ["refusing", "away"])
def test_nobody_listening_is_counted_logged_without_the_address_and_tried_again(
    outside: Outside, tmp_path: Path, broken: str
) -> None:
    outside.status = 503
    url = outside.url if broken == "refusing" else f"http://127.0.0.1:9/{SECRET}"
    meter = Meter()
    beating = make(url, tmp_path, {}, meter)
    with capture_logs() as logs:
        beating.start()
        until(lambda: meter.value(BEATS, "failed") >= 3)
        beating.stop()
    assert meter.value(BEATS, "sent") == 0
    assert "heartbeat not heard" in {line["event"] for line in logs}
    assert SECRET not in str(logs)


def test_a_secret_that_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"heartbeat\.url"):
        make("ftp://example", tmp_path, {}, Meter())
