"""A real Chromium and a device's folder with real footage."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.edge_agent.agent_kit import AGENT
from tests.support.browser import running_chromium

SITE = """\
# the pole at the gate
county: "330899"
device: pi-0001
data_dir: data
broker: {{host: 127.0.0.1, port: 1883, protocol: "5"}}
hub: {{url: "http://127.0.0.1:9", token: file:device.token}}
detectors:
  - {{name: main, type: openvino, model: yolo11n}}
cameras:
  - name: gate  # the first of May
    source: {{type: file, path: {clip}, loop: true}}
    detector: main
    privacy:
      - [[0.0, 0.0], [0.25, 0.0], [0.25, 0.25], [0.0, 0.25]]
    zones:
      # measured with the neighbours
      - name: courtyard
        title: 院内
        polygon: [[0.35, 0.35], [0.75, 0.35], [0.75, 0.8], [0.35, 0.8]]
        behaviours:
          - {{type: intrusion, dwell: 5s}}
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture
def site(shared: Path, tmp_path: Path) -> Path:
    """A configuration with one camera that plays real footage."""
    file = tmp_path / "edge.yaml"
    file.write_text(SITE.format(clip=shared / "media" / "vtest.avi"), encoding="utf-8")
    return file


@contextmanager
def zones_page(site: Path, shared: Path, *more: str) -> Iterator[str]:
    """``edge-agent zones gate`` as a process of its own; gives the address it prints."""
    env = os.environ | {"LINLI_MODELS": str(shared / "models")}
    command = [str(AGENT), "zones", "gate", "--config", str(site), *more]
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("http"):
                yield line.strip()
                break
        else:
            assert process.stderr
            pytest.fail(process.stderr.read())
    finally:
        process.terminate()
        process.wait(10)
