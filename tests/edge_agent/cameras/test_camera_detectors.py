"""Which detectors look at a camera."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from edge_agent.cameras.settings import CameraSettings
from edge_agent.settings import load_configuration
from linli_settings import ConfigError

SOURCE = {"type": "file", "path": "a.avi"}


def camera(**detectors: object) -> CameraSettings:
    return CameraSettings.model_validate({"name": "gate", "source": SOURCE} | detectors)


def test_one_or_several() -> None:
    assert camera(detector="main").detector_names == ("main",)
    several = camera(detectors=["main", "fall"])
    assert several.detector_names == ("main", "fall")
    assert several.detector == "main"
    assert CameraSettings.model_validate(several.model_dump()) == several


@pytest.mark.parametrize(
    ("detectors", "said"),
    [
        ({}, "detector"),
        ({"detectors": []}, "detector"),
        ({"detector": "fall", "detectors": ["main", "fall"]}, "either detector or detectors"),
        ({"detectors": ["main", "main"]}, "main"),
    ],
)
def test_what_is_refused(detectors: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        camera(**detectors)


def test_a_detector_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "edge.yaml"
    settings = {
        "county": "330899",
        "device": "pi-0001",
        "data_dir": "data",
        "broker": {"host": "127.0.0.1", "port": 1, "protocol": "5"},
        "hub": {"url": "http://127.0.0.1:9", "token": "file:device.token"},
        "detectors": [{"name": "main", "type": "openvino", "model": "yolo11n"}],
        "cameras": [{"name": "gate", "source": SOURCE, "detectors": ["main", "fall"]}],
    }
    file.write_text(yaml.safe_dump(settings))
    with pytest.raises(ConfigError) as caught:
        load_configuration(file)
    assert "cameras[0].detectors[1]" in str(caught.value)
    assert "'fall'" in str(caught.value)
