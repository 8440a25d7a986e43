"""The commands: files on disk, a push to a server, and what a wrong option gets."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linli_dashboards.cli import app

TOKEN = "glsa-for-the-test"


class Recorder(HTTPServer):
    """Answers as Grafana's dashboard API does and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, object]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        authorization = self.headers.get("Authorization", "")
        self.server.got.append((self.path, authorization, body))
        known = authorization == f"Bearer {TOKEN}"
        self._answer(200 if known else 401, {"url": "/d/linli"} if known else {"message": "no"})

    def _answer(self, status: int, body: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the test looks at what was kept."""


@pytest.fixture
def server() -> Iterator[Recorder]:
    recorder = Recorder()
    thread = threading.Thread(target=recorder.serve_forever)
    thread.start()
    yield recorder
    recorder.shutdown()
    thread.join()
    recorder.server_close()


def run(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(args))
    return result.exit_code, result.output


def test_build_writes_both_languages(tmp_path: Path) -> None:
    code, output = run("build", "--out", str(tmp_path / "out"))
    assert code == 0
    names = ["county-overview.zh.json", "county-overview.en.json"]
    assert [Path(line).name for line in output.split()] == names
    built = [json.loads((tmp_path / "out" / name).read_text("utf-8")) for name in names]
    assert [each["title"] for each in built] == ["邻里 · 县域总览", "Linli · county overview"]


def test_build_writes_only_the_language_asked_for(tmp_path: Path) -> None:
    assert run("build", "--out", str(tmp_path), "--lang", "en")[0] == 0
    assert [file.name for file in tmp_path.iterdir()] == ["county-overview.en.json"]


def test_push_sends_the_dashboard_with_the_token_it_is_referred_to(
    tmp_path: Path, server: Recorder
) -> None:
    secret = tmp_path / "grafana.token"
    secret.write_text(TOKEN)
    secret.chmod(0o600)
    code, output = run("push", "--url", server.url, "--token", f"file:{secret}", "--lang", "zh")
    assert (code, output.strip()) == (0, "/d/linli")
    [(path, authorization, body)] = server.got
    assert (path, authorization) == ("/api/dashboards/db", f"Bearer {TOKEN}")
    assert body["overwrite"] is True
    assert isinstance(body["dashboard"], dict)
    assert body["dashboard"]["uid"] == "linli-county-zh"


def test_a_token_on_the_command_line_is_refused_and_not_repeated(server: Recorder) -> None:
    code, output = run("push", "--url", server.url, "--token", TOKEN)
    assert code == 2
    assert "--token: expected file:/path or env:NAME" in output
    assert TOKEN not in output
    assert not server.got


def test_a_refusal_says_where_and_what(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_GRAFANA_TOKEN", "another")
    code, output = run("push", "--url", server.url, "--token", "env:LINLI_GRAFANA_TOKEN")
    assert code == 1
    assert "Unauthorized" in output
    assert server.url in output


def test_an_unreachable_server_is_said(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_GRAFANA_TOKEN", TOKEN)
    code, output = run("push", "--url", "http://127.0.0.1:9", "--token", "env:LINLI_GRAFANA_TOKEN")
    assert code == 1
    assert "127.0.0.1:9" in output


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = CliRunner().invoke(app, ["build", "--out", str(tmp_path / "file")])
    assert done.exit_code == 2
    assert "--out: expected a folder that can be written" in done.output
