"""No library speaks to its publisher or installs anything: a county network has no internet, and
nobody there consented."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ASKED = """
import atexit, socket, subprocess
asked = []
def refuse(*given, **more):
    asked.append(str(given[:2]))
    raise OSError("closed")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
"""
"""Closes the network and notes who wanted it, so that nothing leaves this machine."""
EVERYTHING = """
import importlib, pkgutil
import edge_agent, linli_models
for package in (edge_agent, linli_models):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
from edge_agent.detectors.runtime import core
from edge_agent.tracking import byte_tracker
core(), byte_tracker()
import av, cv2, supervision, trackers
print(asked)
"""
LOOK = "import sys; from openvino.tools.ovc import telemetry_utils as t; print(t.tm.__name__)"


def python(code: str, home: Path, *arguments: str) -> str:
    home.mkdir()
    quiet = ("YOLO_", "PYTEST_")
    env = {key: text for key, text in os.environ.items() if not key.startswith(quiet)}
    env |= {"HOME": str(home), "CI": ""}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=True,
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


def test_they_are_imported_at_one_place_only() -> None:
    names = "(openvino|nncf|ultralytics)"
    importing = re.compile(
        rf"^\s*(import|from) {names}\b|import_module\(.{names}[\"']", re.MULTILINE
    )
    files = [*(ROOT / "edge_agent").rglob("*.py"), *(ROOT / "models").rglob("*.py")]
    found = [file.name for file in files if importing.search(file.read_text(encoding="utf-8"))]
    assert found == ["quiet.py"]


def test_loading_the_whole_agent_asks_the_network_nothing(tmp_path: Path) -> None:
    assert python(ASKED + EVERYTHING, tmp_path / "home") == "[]"


@pytest.mark.models
def test_nncf_has_a_stub_for_its_telemetry(tmp_path: Path) -> None:
    look = "from nncf.telemetry.wrapper import telemetry as t; print(type(t).__name__, asked)"
    ours = f"{ASKED}\nfrom linli_models.quiet import nncf; nncf(); {look}"
    assert python(ours, tmp_path / "ours") == "MagicMock []"
    assert python(f"{ASKED}\n{look}", tmp_path / "plain").startswith("NNCFTelemetry")  # the control


ULTRALYTICS = """
import sys
from pathlib import Path
from linli_models.quiet import ultralytics
module = ultralytics(Path(sys.argv[1]))
from ultralytics.utils import SETTINGS, SETTINGS_FILE
from ultralytics.utils.events import events
import numpy as np
model = module.YOLO("yolo11n.yaml")
model.predict(np.zeros((64, 64, 3), np.uint8), imgsz=64, verbose=False)
on = sorted(k for k in ("sync", "clearml", "comet", "mlflow", "wandb") if SETTINGS.get(k))
there = Path(SETTINGS_FILE).is_relative_to(sys.argv[1])
print(asked, events.enabled, len(events.events), on, there)
"""
PLAIN = "import ultralytics; print(len(asked) > 0)"
INSTALLS = """
import sys, subprocess
from pathlib import Path
from linli_models.quiet import ultralytics
ultralytics(Path(sys.argv[1]))
from ultralytics.utils.checks import check_requirements
ran = []
subprocess.run = subprocess.check_output = subprocess.Popen = lambda *a, **k: ran.append(a)
print(check_requirements("a-package-nobody-has"), ran)
"""


@pytest.mark.models
def test_ultralytics_asks_nobody_and_keeps_its_settings_where_told(tmp_path: Path) -> None:
    said = python(ASKED + ULTRALYTICS, tmp_path / "home", str(tmp_path / "told"))
    assert said.splitlines()[-1] == "[] False 0 [] True"
    assert python(ASKED + PLAIN, tmp_path / "plain").endswith("True")  # the control


@pytest.mark.models
def test_ultralytics_installs_nothing(tmp_path: Path) -> None:
    said = python(ASKED + INSTALLS, tmp_path / "home", str(tmp_path / "told"))
    assert said.splitlines()[-1] == "False []"
