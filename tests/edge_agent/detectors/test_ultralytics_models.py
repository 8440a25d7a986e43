"""Files by ultralytics: what the formats give, and what is refused. Weights are random."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge_agent.detectors import ModelError, open_detector
from edge_agent.detectors.settings import OpenVinoSettings, UltralyticsSettings
from edge_agent.types import Frame
from linli_models.quiet import quiet_environment

pytestmark = [pytest.mark.models, pytest.mark.timeout(600)]
NOISE = np.random.default_rng(3).integers(0, 255, (90, 160, 3), np.uint8)
FRAME = Frame("gate", NOISE, datetime(2026, 1, 1, tzinfo=UTC), 0)
MAKE = """
import torch
from ultralytics import YOLO
torch.manual_seed(1)
model = YOLO("yolo11n.yaml")
# a head that is sure of something, so that there are boxes to compare
for branch in model.model.model[-1].cv3:
    branch[-1].bias.data += 14.0
model.save("made.pt")
model = YOLO("made.pt")
model.export(format="onnx", imgsz=160, dynamic=False, simplify=False)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    env = {**os.environ, **quiet_environment(folder)}
    subprocess.run([sys.executable, "-c", MAKE], cwd=folder, env=env, check=True)
    return folder


def settings_for(file: Path, **more: object) -> UltralyticsSettings:
    given = {"type": "ultralytics", "name": "made", "model": str(file)}
    return UltralyticsSettings.model_validate({**given, "classes": {0: "person"}, **more})


def test_onnx_gives_what_openvino_gives_of_it(made: Path, tmp_path: Path) -> None:
    env = {"LINLI_CACHE": str(tmp_path)}
    file = made / "made.onnx"
    by = (
        settings_for(file),
        OpenVinoSettings(type="openvino", name="o", model=str(file), classes={0: "person"}),
    )
    found = []
    for settings in by:
        detector = open_detector(settings, env)
        found.append(detector.submit(FRAME).result(60))
        detector.close()
    first, second = found
    assert len(first) == len(second) > 0
    np.testing.assert_allclose(first.boxes, second.boxes, atol=0.5)
    np.testing.assert_allclose(first.scores, second.scores, atol=0.01)


def test_weights_run_as_they_are(made: Path, tmp_path: Path) -> None:
    detector = open_detector(settings_for(made / "made.pt"), {"LINLI_CACHE": str(tmp_path)})
    found = detector.submit(FRAME).result(60)
    detector.close()
    assert set(found.labels) == {"person"}
    assert found.size == (160, 90)


def test_what_is_no_model(tmp_path: Path) -> None:
    env = {"LINLI_CACHE": str(tmp_path)}
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="it does not run"):
        open_detector(settings_for(tmp_path / "m.onnx"), env)
    with pytest.raises(ModelError, match="found nothing at"):
        open_detector(settings_for(tmp_path / "absent.engine"), env)


def test_another_form_of_output_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"expected an output of shape \(1, at least 94"):
        open_detector(
            settings_for(made / "made.onnx", classes={89: "person"}), {"LINLI_CACHE": str(tmp_path)}
        )


def test_a_gpu_that_is_not_there(made: Path, tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("hardware: this machine has a GPU")
    with pytest.raises(ModelError, match="no GPU"):
        open_detector(
            settings_for(made / "made.onnx", device="GPU"), {"LINLI_CACHE": str(tmp_path)}
        )
