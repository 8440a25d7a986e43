"""``pip install .[edge]`` in an environment of its own: what it brings, and that it works."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HUB_ONLY = {"alembic", "amqtt", "argon2-cffi", "fastapi", "gmqtt", "pyjwt", "sqlalchemy", "uvicorn"}


@pytest.fixture(scope="module")
def edge_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the edge extra and nothing else."""
    folder = tmp_path_factory.mktemp("edge-install")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", f"{ROOT}[edge]"]
    done = subprocess.run(install, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return python


@pytest.mark.timeout(600)
def test_edge_install_brings_one_opencv_no_torch_and_no_hub_dependency(edge_python: Path) -> None:
    listed = subprocess.run(
        [str(edge_python), "-m", "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    names = {row["name"].lower() for row in json.loads(listed.stdout)}
    assert {"openvino", "paho-mqtt", "trackers"} <= names
    assert [name for name in names if name.startswith("opencv")] == ["opencv-python"]
    assert not {name for name in names if name.startswith(("torch", "nvidia", "ultralytics"))}
    assert not names & HUB_ONLY


@pytest.mark.timeout(600)
def test_edge_agent_check_runs_there(edge_python: Path, tmp_path: Path) -> None:
    config = tmp_path / "agent.yaml"
    config.write_text("county: '330899'\ndevice: pi-0001\ndwell: 5\n", encoding="utf-8")
    program = str(edge_python.parent / "edge-agent")
    check = [program, "check", "--config", str(config), "--lang", "en"]
    done = subprocess.run(check, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert f"{config}:3: dwell: expected a known key" in done.stderr
