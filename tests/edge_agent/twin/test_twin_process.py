"""The real program with a real broker and model: commands, twin over a kill, systemd, metrics."""

import hashlib
import json
import os
import socket
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from linli_contract.payloads import Command, Reply, TwinDesired, TwinReported
from linli_contract.topics import Channel
from linli_models import FetchError, cache_folder, fetch
from tests.edge_agent.agent_kit import base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import Hub, eventually, listening
from tests.support.mosquitto import Mosquitto, free_port

ZONE = {
    "name": "street",
    "polygon": [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]],
    "behaviours": [{"type": "intrusion", "dwell": "2s"}],
}


def _reported(hub: Hub) -> list[TwinReported]:
    return [
        msgspec.json.decode(body, type=TwinReported)
        for topic, body in hub.others
        if topic.channel is Channel.TWIN_REPORTED
    ]


def _order(hub: Hub, name: str, **args: object) -> Reply:
    command = Command(f"{name}-1", name, datetime.now(UTC) + timedelta(minutes=1), args)
    hub.down(Channel.COMMAND, msgspec.json.encode(command), name=name)

    def answers() -> list[Reply]:
        return [
            reply
            for topic, body in hub.others
            if topic.channel is Channel.REPLY
            and (reply := msgspec.json.decode(body, type=Reply)).id == command.id
        ]

    eventually(answers, f"an answer to {name}", 30)
    return answers()[0]


class Systemd:
    """Hears what a service says."""

    def __init__(self, path: Path) -> None:
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            self.said.append(self._socket.recv(1000).decode())


def test_the_program_obeys_reports_and_remembers(
    tmp_path: Path, broker: Mosquitto, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("LINLI_MODELS", str(shared / "models"))
    try:
        fetch("face", cache_folder(os.environ))
    except FetchError as error:
        pytest.skip(f"the face model cannot be had here: {error}")
    port = free_port()
    source = {"type": "file", "path": str(shared / "media" / "vtest.avi"), "loop": True}
    camera = {"name": "gate", "source": source, "detector": "main", "zones": [ZONE]}
    settings = base_settings(broker.port) | {
        "detectors": [{"name": "main", "type": "openvino", "model": "yolo11n"}],
        "cameras": [camera],
        "metrics": {"port": port},
        "twin": {"grace": "5s"},
    }
    file = write_configuration(tmp_path, settings)
    zones = {"street": {"behaviours": {"intrusion": {"armed": False}}}}
    wish = TwinDesired(4, {"cameras": {"gate": {"zones": zones}}, "log": {"level": "warning"}})
    with listening(broker.port) as hub:
        hub.auto_ack = True
        with running(file) as process:
            eventually(lambda: "READY=1" in systemd.said, "ready", 60)
            picture = _snapshot_when_open(hub)
            kept = tmp_path / "data" / "pictures" / f"{picture['sha256']}.jpg"
            assert hashlib.sha256(kept.read_bytes()).hexdigest() == picture["sha256"]
            assert _order(hub, "restart_camera", camera="gate").ok
            assert _order(hub, "log_level", level="error").result == {"level": "error"}
            hub.down(Channel.TWIN_DESIRED, msgspec.json.encode(wish), retain=True)
            eventually(lambda: [r for r in _reported(hub) if r.version == 4], "the report", 30)
            assert _reported(hub)[-1].ok, _reported(hub)[-1].errors
            _look_at_metrics(port)
            eventually(lambda: systemd.said.count("WATCHDOG=1") >= 3, "feeding")
            assert any(text.startswith("STATUS=1 of 1 cameras") for text in systemd.said)
            eventually(lambda: _reported(hub)[-1] == _proved(_reported(hub)), "proved good", 30)
            _roll_back(hub)
            process.kill()
            process.wait(10)
        hub.others.clear()
        hub.down(Channel.TWIN_DESIRED, b"", retain=True)  # it remembers by itself
        with running(file):
            eventually(lambda: _reported(hub), "the report after the kill", 60)
            first = _reported(hub)[0]
    assert (first.version, first.trial) == (4, False)
    behaviour = first.config["cameras"][0]["zones"][0]["behaviours"][0]  # type: ignore[index]
    assert (behaviour["armed"], behaviour["dwell"]) == (False, "2s")


def _proved(reports: list[TwinReported]) -> TwinReported | None:
    return next((row for row in reports if row.version == 4 and row.ok and not row.trial), None)


def _roll_back(hub: Hub) -> None:
    """A camera that cannot be reached turns the device red."""
    road = {"source": {"type": "rtsp", "url": "rtsp://127.0.0.1:9/none"}, "detector": "main"}
    wish = TwinDesired(5, {"cameras": {"road": road}})
    hub.down(Channel.TWIN_DESIRED, msgspec.json.encode(wish))
    eventually(lambda: _reported(hub)[-1].in_force == 4, "the roll-back", 30)
    taken, back = _reported(hub)[-2:]
    assert (taken.version, taken.ok, taken.trial) == (5, True, True)
    assert (back.version, back.ok) == (5, False)
    assert "rolled back to version 4, the device turned red: road: cannot_open" in back.errors
    assert [row["name"] for row in back.config["cameras"]] == ["gate"]  # type: ignore[attr-defined]


def _snapshot_when_open(hub: Hub) -> dict[str, object]:
    """The camera opens while models are compiled: until then the answer says so."""
    for attempt in range(60):
        command = Command(
            f"s-{attempt}", "snapshot", datetime.now(UTC) + timedelta(minutes=1), {"camera": "gate"}
        )
        hub.down(Channel.COMMAND, msgspec.json.encode(command), name="snapshot")
        found: list[Reply] = []

        def answered(wanted: str = command.id, found: list[Reply] = found) -> bool:
            for topic, body in list(hub.others):
                if topic.channel is Channel.REPLY and topic.name == wanted:
                    found.append(msgspec.json.decode(body, type=Reply))
            return bool(found)

        eventually(answered, "an answer", 30)
        if found[0].ok:
            picture = found[0].result["picture"]
            assert isinstance(picture, dict)
            return picture
        assert "not open yet" in found[0].error or "no picture within" in found[0].error, found
        threading.Event().wait(0.5)
    raise AssertionError("no snapshot")


def _look_at_metrics(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert 'linli_edge_camera_fps{camera="gate",stage="inferred"}' in text
    assert 'linli_edge_outbox_rows{lane="events",state="waiting"}' in text
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        health = json.load(answer)
    assert health["cameras"][0]["name"] == "gate"
