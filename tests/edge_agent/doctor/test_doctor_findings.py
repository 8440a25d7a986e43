"""Each check of ``edge-agent doctor``: its finding, and the exit code."""

import os
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from edge_agent import doctor
from edge_agent.cameras.settings import CameraSettings
from edge_agent.commands.doctor import line
from edge_agent.findings import NAMES, Finding
from edge_agent.machine import Machine
from linli_contract.faults import FAULTS
from linli_contract.payloads import CameraHealth, Health
from linli_settings import parse
from tests.edge_agent.agent_kit import AGENT, base_settings, write_configuration
from tests.support.mosquitto import Mosquitto, free_port

LIBGL = "libGL.so.1: cannot open shared object file: No such file or directory"


def call(command: str, file: Path, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(AGENT), command, "--config", str(file), *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"LINLI_MODELS": "", "LINLI_CACHE": str(file.parent)} | env,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_configuration(tmp_path, base_settings(1))


@pytest.fixture
def without_opencv(tmp_path: Path) -> str:
    """A folder whose cv2 fails as a real one does on a device without a desktop."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "cv2.py").write_text(f"raise ImportError({LIBGL!r})\n")
    return str(folder)


@pytest.mark.parametrize(
    ("lang", "cause", "fix"),
    [
        ("en", "OpenCV lacks a library of the system", "sudo apt install libgl1"),
        ("zh", "OpenCV 缺少系统库", "opencv-python-headless"),
    ],
)
def test_opencv_without_libgl(
    file: Path, without_opencv: str, lang: str, cause: str, fix: str
) -> None:
    done = call("doctor", file, "--lang", lang, PYTHONPATH=without_opencv)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert cause in done.stdout
    assert "libGL.so.1" in done.stdout
    assert fix in done.stdout


@pytest.mark.parametrize("command", ["run", "check"])
def test_other_programs_say_so_too(file: Path, without_opencv: str, command: str) -> None:
    done = call(command, file, PYTHONPATH=without_opencv)
    assert done.returncode == 1
    assert "OpenCV lacks a library of the system" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_check_is_named_and_a_red_one_ends_with_1(file: Path, lang: str) -> None:
    done = call("doctor", file, "--lang", lang)
    assert done.returncode == 1  # no broker listens on port 1
    for check in ("opencv", "mqtt", "clock", "disk", "temperature", "throttling"):
        assert NAMES[check][lang == "en"] in done.stdout


def test_all_green_ends_with_0(tmp_path: Path, broker: Mosquitto) -> None:
    file = write_configuration(tmp_path, base_settings(broker.port))
    assert call("doctor", file).returncode == 0


def test_a_hot_slow_and_full_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = Machine(disk_free_mb=12.0, temperature_c=91.0, throttled=("under_voltage",))
    monkeypatch.setattr(doctor, "read_machine", lambda _: found)
    faults = {row.check: row.fault.partition(":")[0] for row in doctor.machine(tmp_path)}
    assert faults == {"disk": "disk_low", "temperature": "too_hot", "throttling": "throttled"}


STREAMS = """\
name: gate
detector: main
source: {{type: file, path: {source}}}
evidence_source: {{type: file, path: {evidence}}}
"""


def two_streams(source: str, evidence: str) -> CameraSettings:
    return parse(STREAMS.format(source=source, evidence=evidence), CameraSettings)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    writer = cv2.VideoWriter(
        str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 5.0, (64, 48)
    )
    for _ in range(5):
        writer.write(np.full((48, 64, 3), 128, np.uint8))
    writer.release()
    return tmp_path / "clip.avi"


def test_both_streams_of_a_camera_are_opened_and_named(clip: Path) -> None:
    found = list(doctor.look_through(two_streams("clip.avi", "clip.avi"), clip.parent))
    assert [row.subject for row in found] == ["gate source", "gate evidence_source"]
    assert [row.detail for row in found] == ["64 × 48", "64 × 48"]


@pytest.mark.parametrize(
    ("source", "evidence", "red"),
    [
        ("clip.avi", "none.avi", "gate evidence_source"),
        ("none.avi", "clip.avi", "gate source"),
    ],
)
def test_the_stream_that_fails_is_named(clip: Path, source: str, evidence: str, red: str) -> None:
    found = list(doctor.look_through(two_streams(source, evidence), clip.parent))
    assert [row.subject for row in found if row.fault] == [red]
    assert [row.fault.partition(":")[0] for row in found if row.fault] == ["cannot_open"]


def test_what_the_running_agent_drops_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = CameraHealth("gate", "ok", drops={"no_turn": 7, "decode_error": 0})
    health = Health(
        version="1", uptime_s=1.0, state="fault", cameras=(camera,), faults=("disk_low: 1 MB",)
    )
    monkeypatch.setattr(doctor, "ask", lambda _: health)
    dropped, red = doctor.agent(9464)
    console = Console(width=400)
    with console.capture() as captured:
        console.print(line(dropped, "zh"))
        console.print(line(dropped, "en"))
    assert "no_turn 7：等待推理期间" in captured.get()
    assert "gate — no_turn 7: a newer frame came while" in captured.get()
    assert red.fault == "disk_low: 1 MB"


def test_before_the_first_start_there_is_no_agent_to_ask() -> None:
    assert list(doctor.agent(None)) == []
    assert list(doctor.agent(free_port())) == []


@pytest.mark.parametrize("code", sorted(FAULTS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_any_fault_is_shown_with_its_fix(code: str, lang: str) -> None:
    console = Console(width=400)
    with console.capture() as captured:
        console.print(line(Finding("camera", "gate", fault=f"{code}: detail"), lang))
    words = FAULTS[code]
    assert captured.get().startswith("✗")
    assert (words.fix_zh if lang == "zh" else words.fix_en) in captured.get()
