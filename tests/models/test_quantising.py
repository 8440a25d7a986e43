"""A small model is quantised for good: kept with its record where it passes, else not at all."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edge_agent.commands.models import app
from edge_agent.detectors import open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.quantising import Gate, Order, run
from linli_models.files import sha256_of
from linli_models.quantising import QuantiseError, quantise

SIDE = 64


def small_model(file: Path) -> Path:
    """Brightness of each of 64 cells as the score of "person", by two convolutions."""
    from edge_agent.detectors.runtime import openvino

    ov: Any = openvino()
    op = ov.opset13
    given = op.parameter([1, 3, SIDE, SIDE], ov.Type.f32, name="images")
    mean = op.constant(np.full((4, 3, 8, 8), 1 / 192, np.float32))
    cells = op.relu(op.convolution(given, mean, [8, 8], [0, 0], [0, 0], [1, 1]))
    one = op.constant(np.full((1, 4, 1, 1), 0.25, np.float32))
    scores = op.convolution(cells, one, [1, 1], [0, 0], [0, 0], [1, 1])
    flat = op.reshape(scores, np.array([1, 1, 64]), False)
    y, x = np.mgrid[0:8, 0:8] * 8 + 4
    box = np.stack([x.ravel(), y.ravel(), np.full(64, 6), np.full(64, 6)])[np.newaxis]
    head = op.concat([op.constant(box.astype(np.float32)), flat], 1)
    ov.save_model(ov.Model([head], [given], "small"), file, compress_to_fp16=False)
    return file


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder, noise = tmp_path / "pictures", np.random.default_rng(5)
    folder.mkdir()
    for number in range(24):
        cells = noise.integers(0, 255, (8, 8, 1), np.uint8).repeat(3, axis=2)
        image = cells.repeat(80, axis=0).repeat(80, axis=1)  # 640 x 640, the usual input
        cv2.imwrite(str(folder / f"{number:03}.png"), image)
    return folder


def order(tmp_path: Path, pictures: Path, gate: Gate | None = None) -> Order:
    settings = OpenVinoSettings(
        type="openvino", name="q", model=str(small_model(tmp_path / "s.xml")), classes={0: "person"}
    )
    return Order(settings, pictures, tmp_path / "out", gate=gate or Gate())


def test_without_the_extra_it_is_said(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linli_models.quantising._TOOLS", ("a-package-nobody-has",))
    with pytest.raises(QuantiseError, match=r"pip install 'linli\[quantize\]'"):
        run(order(tmp_path, pictures), {"LINLI_CACHE": str(tmp_path)})


@pytest.mark.models
def test_a_model_that_passes_is_kept_with_its_record(tmp_path: Path, pictures: Path) -> None:
    asked, env = order(tmp_path, pictures), {"LINLI_CACHE": str(tmp_path)}
    figures = run(asked, env)
    assert figures.agreement > 0.8
    made = tmp_path / "out" / "model.xml"
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert record["made_of"]["sha256"] == sha256_of(tmp_path / "s.xml")
    assert record["sha256"]["model.xml"] == sha256_of(made)
    assert record["tools"].keys() == {"nncf", "openvino", "numpy"}
    assert record["frames"] == {"from": "pictures", "calibrated": 12, "judged": 12}
    assert record["figures"]["agreement"] == figures.agreement
    assert record["figures"]["map_before"] is None
    assert "FakeQuantize" in made.read_text()
    changed = asked.settings.model_copy(update={"model": str(made)})
    open_detector(changed, env).close()


@pytest.mark.models
def test_a_model_under_the_gate_is_not_kept(tmp_path: Path, pictures: Path) -> None:
    run(order(tmp_path, pictures, Gate(agreement=1.01)), {"LINLI_CACHE": str(tmp_path)})
    assert not (tmp_path / "out").exists()


@pytest.mark.models
def test_the_command_says_so(tmp_path: Path, pictures: Path) -> None:
    model = str(small_model(tmp_path / "s.xml"))
    ask = ["quantize", model, "--frames", str(pictures), "--output", str(tmp_path / "out")]
    good = CliRunner().invoke(app, ask)
    assert good.exit_code == 0, good.output
    assert "agreement" in good.output
    again = ["quantize", str(tmp_path / "out" / "model.xml"), *ask[2:]]
    twice = CliRunner().invoke(app, again)
    assert (twice.exit_code, "quantised already" in twice.output) == (1, True)


@pytest.mark.models
def test_a_model_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"no")
    with pytest.raises(QuantiseError, match="cannot be read"):
        quantise(tmp_path / "m.onnx", [np.zeros((1, 3, 8, 8), np.float32)], tmp_path / "q.xml")


def test_too_few_frames(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    model = str(small_model(tmp_path / "s.xml"))
    ask = ["quantize", model, "--frames", str(tmp_path / "none"), "--output", str(tmp_path / "o")]
    said = CliRunner().invoke(app, ask)
    assert said.exit_code in (1, 2)
    assert "at least 20" in said.output or "not installed" in said.output
