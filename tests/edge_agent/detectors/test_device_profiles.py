"""Every device profile is one that the hub can hand out and the agent understands."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from edge_agent.cameras.settings import CameraSettings
from edge_agent.detectors.settings import DetectorSettings
from hub_server.devices.profile import load_profile
from linli_models import catalogue

FOLDER = Path(__file__).resolve().parents[3] / "firmware_configs"
CAMERAS = sorted((FOLDER / "cameras").glob("*.yaml"))
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))


def test_the_kinds_of_devices() -> None:
    assert NAMES == ["jetson-orin-nano", "raspberry-pi-4", "raspberry-pi-5", "x86"]


@pytest.mark.parametrize("name", NAMES)
def test_hub_and_agent_read_it(name: str) -> None:
    assert load_profile(name, FOLDER).name == name
    given: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    rows = given["agent"]["detectors"]
    detectors = [TypeAdapter(DetectorSettings).validate_python(row) for row in rows]
    assert all(catalogue().entry(row.model).variants for row in detectors)
    for camera in given["site"]["cameras"]:
        read = CameraSettings.model_validate({"name": camera["name"], **camera["agent"]})
        assert set(read.detector_names) <= {row.name for row in detectors}
        assert {zone.name for zone in read.zones} == set(camera["zones"])
        assert "hwaccel" in camera["agent"]["source"], "the profile says what decodes"


@pytest.mark.parametrize("file", CAMERAS, ids=lambda file: file.stem)
def test_a_camera_profile_is_one_that_the_agent_understands(file: Path) -> None:
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    read = CameraSettings.model_validate({"name": "gate", "detector": "main", **given})
    assert set(given) <= {"source", "evidence_source"}
    if read.source.type == "rtsp":
        assert read.evidence_source is not None
        assert read.evidence_source != read.source
    assert f"[{file.name}]({file.name})" in (FOLDER / "cameras" / "README.md").read_text("utf-8")
