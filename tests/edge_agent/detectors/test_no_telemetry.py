"""OpenVINO says nothing to its publisher: a county network has no internet, and no consent."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOOK = "import sys; from openvino.tools.ovc import telemetry_utils as t; print(t.tm.__name__)"


def python(code: str, home: Path) -> str:
    home.mkdir()
    env = {**os.environ, "HOME": str(home), "CI": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_agent_loads_openvino_without_telemetry(tmp_path: Path) -> None:
    ours = f"from edge_agent.detectors.runtime import core; core(); {LOOK}"
    assert python(ours, tmp_path / "ours") == "openvino.tools.ovc.telemetry_stub"
    assert list((tmp_path / "ours").rglob("*ga_cid*")) == []


def test_without_our_door_it_would_speak(tmp_path: Path) -> None:
    """The control: if this fails, OpenVINO has changed and the test above proves nothing."""
    # its address is closed, so that nothing leaves this machine
    closed = "import socket; socket.getaddrinfo = None; "
    assert python(f"{closed} {LOOK}", tmp_path / "plain") == "openvino_telemetry"


def test_openvino_is_imported_at_one_place_only() -> None:
    importing = re.compile(r"^\s*(import|from) openvino\b|import_module\(.openvino", re.MULTILINE)
    files = [*(ROOT / "edge_agent").rglob("*.py"), *(ROOT / "models").rglob("*.py")]
    found = [file.name for file in files if importing.search(file.read_text(encoding="utf-8"))]
    assert found == ["runtime.py"]
