"""Each check of ``edge-agent doctor``: its finding, and the exit code."""

import os
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from edge_agent import doctor
from edge_agent.commands.doctor import line
from edge_agent.findings import NAMES, Finding
from edge_agent.machine import Machine
from linli_contract.faults import FAULTS
from tests.edge_agent.agent_kit import AGENT, base_settings, write_configuration
from tests.support.mosquitto import Mosquitto

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


@pytest.mark.parametrize("code", sorted(FAULTS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_any_fault_is_shown_with_its_fix(code: str, lang: str) -> None:
    console = Console(width=400)
    with console.capture() as captured:
        console.print(line(Finding("camera", "gate", fault=f"{code}: detail"), lang))
    words = FAULTS[code]
    assert captured.get().startswith("✗")
    assert (words.fix_zh if lang == "zh" else words.fix_en) in captured.get()
