"""Resident memory of the agent with one camera, tracker, blur and evidence on."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.bench.conftest import Record
from tests.edge_agent.agent_kit import base_settings, running, write_configuration
from tests.edge_agent.publisher.publisher_kit import eventually
from tests.support.mosquitto import free_port

pytestmark = pytest.mark.bench
MOST_MB = 350.0
SETTLED_S = 30.0
ZONE = {
    "name": "campus",
    "polygon": [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]],
    "behaviours": [{"type": "intrusion", "dwell": "1s"}],
}


@pytest.fixture
def clip(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINLI_MODELS", str(shared / "models"))
    return shared / "media" / "vtest.avi"


def test_what_each_part_adds(clip: Path, tmp_path: Path) -> None:
    script = Path(__file__).with_name("memory_parts.py")
    done = subprocess.run(
        [sys.executable, str(script), str(clip), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    before = 0.0
    print(f"\n{'part':<44}{'adds':>10}{'resident':>10}  MB")
    for name, resident in json.loads(done.stdout.splitlines()[-1]):
        print(f"{name:<44}{resident - before:>+10.1f}{resident:>10.1f}")
        before = resident
    assert before > 0


def test_resident_memory(clip: Path, tmp_path: Path, record: Record) -> None:
    camera = {
        "name": "gate",
        "source": {"type": "file", "path": str(clip), "loop": True},
        "detector": "main",
        "zones": [ZONE],
    }
    settings = base_settings(free_port()) | {
        "detectors": [{"name": "main", "type": "openvino", "model": "yolo11n"}],
        "cameras": [camera],
    }
    pictures = tmp_path / "data" / "pictures"
    with running(write_configuration(tmp_path, settings)) as process:
        eventually(lambda: len(list(pictures.glob("*.jpg"))) >= 2, "pictures", 120)
        most, until = 0.0, time.monotonic() + SETTLED_S
        while time.monotonic() < until:
            most = max(most, psutil.Process(process.pid).memory_info().rss / 1_000_000)
            time.sleep(0.2)
    record("resident memory", ours=most, reference=MOST_MB, goal="<= 1.0", unit="MB")
