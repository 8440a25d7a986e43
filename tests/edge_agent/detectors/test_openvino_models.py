"""Models that are no detectors, do not run, or are not for this machine: red, never silent."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.detectors import ModelError, open_detector, runtime
from edge_agent.detectors.openvino_detector import OpenVinoDetector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.detectors.yolo import Head
from edge_agent.types import Frame

FRAME = Frame("gate", np.full((48, 64, 3), 9, np.uint8), datetime(2026, 1, 1, tzinfo=UTC), 1)


def made_model(
    file: Path,
    *,
    channels: int = 3,
    rows: int = 6,
    value: float | None = None,
    still: bool = True,
) -> Path:
    """A model that answers with each colour's mean as class score; or with ``value``."""
    ov: Any = runtime.openvino()
    side = 32 if still else -1
    given = ov.opset13.parameter([1, channels, side, side], ov.Type.f32, name="images")
    mean = ov.opset13.reduce_mean(given, np.array([2, 3]), True)
    flat = ov.opset13.reshape(mean, np.array([1, channels, 1]), False)
    scores = ov.opset13.broadcast(flat, np.array([1, channels, 50]))
    if value is not None:
        scores = ov.opset13.multiply(scores, np.float32(value))
    box = ov.opset13.constant(np.full((1, rows - channels, 50), 16, np.float32))
    model = ov.Model([ov.opset13.concat([box, scores], 1)], [given], "made")
    ov.save_model(model, file, compress_to_fp16=False)
    return file


def settings_for(file: Path, **more: object) -> OpenVinoSettings:
    given = {"type": "openvino", "name": "made", "model": str(file), "classes": {0: "red"}}
    return OpenVinoSettings.model_validate({**given, **more})


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"LINLI_CACHE": str(tmp_path / "cache")}


def test_colours_reach_the_model_as_red_green_blue_from_0_to_1(
    tmp_path: Path, env: dict[str, str]
) -> None:
    file = made_model(tmp_path / "m.xml", rows=7)
    classes = {0: "red", 1: "green", 2: "blue"}
    detector = open_detector(settings_for(file, classes=classes), env)
    bgr = np.full((32, 32, 3), (0, 51, 255), np.uint8)
    found = detector.submit(Frame("gate", bgr, FRAME.time, 1)).result(timeout=30)
    detector.close()
    assert found.labels == ("red",)
    assert found.scores[0] == pytest.approx(1.0)
    assert found.boxes[0].tolist() == [8, 8, 24, 24]


def test_an_open_input_is_fixed_at_the_usual_size(tmp_path: Path, env: dict[str, str]) -> None:
    file = made_model(tmp_path / "m.xml", rows=7, still=False)
    detector = open_detector(settings_for(file, min_confidence="1%"), env)
    assert detector.submit(FRAME).result(timeout=30).size == (64, 48)
    detector.close()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"channels": 1, "rows": 5}, r"expected an input of shape \(1, 3, height, width\)"),
        ({"rows": 4}, r"expected an output of shape \(1, at least 5, boxes\)"),
        ({"rows": 7, "value": np.nan}, "expected finite numbers"),
    ],
)
def test_a_model_of_another_form_is_refused(
    tmp_path: Path, env: dict[str, str], made: dict[str, Any], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        open_detector(settings_for(made_model(tmp_path / "m.xml", **made)), env)


def test_a_file_that_is_no_model(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "m.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"m\.onnx cannot be read"):
        open_detector(settings_for(tmp_path / "m.onnx"), env)
    with pytest.raises(ModelError, match="found nothing at"):
        open_detector(settings_for(tmp_path / "absent.onnx"), env)


def test_a_device_this_machine_lacks(tmp_path: Path, env: dict[str, str]) -> None:
    file = made_model(tmp_path / "m.xml", rows=7)
    with pytest.raises(ModelError, match=r"device: expected one of .*, found NPU"):
        open_detector(settings_for(file, device="NPU"), env)


def test_classes_belong_to_a_path_and_only_there(tmp_path: Path, env: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="classes: expected output index: label"):
        open_detector(settings_for(tmp_path / "m.xml", classes=None), env)
    with pytest.raises(ModelError, match="remove the key"):
        open_detector(settings_for(Path("yolo11n")), env)


def test_the_face_model_is_no_detector(tmp_path: Path) -> None:
    """Refused by its task in the catalogue wherever it is at hand, else as missing."""
    with pytest.raises(ModelError, match="face"):
        open_detector(settings_for(Path("face"), classes=None), {"LINLI_CACHE": str(tmp_path)})


def test_a_failure_while_looking_reaches_the_caller_and_the_next_frame_works(
    tmp_path: Path,
) -> None:
    model = runtime.read(made_model(tmp_path / "m.xml", rows=7))
    steps = runtime.openvino().preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(runtime.openvino().Type.u8)
    steps.input().tensor().set_layout(runtime.openvino().Layout("NHWC"))
    steps.input().model().set_layout(runtime.openvino().Layout("NCHW"))
    steps.input().preprocess().convert_element_type(runtime.openvino().Type.f32)
    compiled = runtime.compiled(steps.build(), "CPU", "latency", None)
    # a head that reads rows which the output does not have
    beyond = Head.of({90: "person"}, 0.25)
    detector = OpenVinoDetector(compiled, beyond)
    for _ in range(detector.requests * 3):
        with pytest.raises(ModelError, match="inference failed"):
            detector.submit(FRAME).result(timeout=30)
    detector.close()
