"""Weights become a model of another format, with a record; a failure is said and leaves nothing."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linli_models.exporting import ExportError, export
from linli_models.files import sha256_of
from linli_models.quiet import quiet_environment

MAKE = "from ultralytics import YOLO; YOLO('yolo11n.yaml').save('made.pt')"


@pytest.mark.skipif(
    importlib.util.find_spec("ultralytics") is not None, reason="the models extra is installed"
)
def test_without_the_extra_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"pip install 'linli\[models\]'"):
        export(tmp_path / "w.pt", tmp_path / "out", "onnx", 640, half=False)


@pytest.mark.models
def test_an_export_is_kept_with_its_record(tmp_path: Path) -> None:
    env = {**os.environ, **quiet_environment(tmp_path / "told")}
    (tmp_path / "told").mkdir()
    subprocess.run([sys.executable, "-c", MAKE], cwd=tmp_path, env=env, check=True)
    weights, out = tmp_path / "made.pt", tmp_path / "out"
    made = export(weights, out, "onnx", 160, half=False)
    record = json.loads((out / "made.onnx.json").read_text())
    assert made == out / "made.onnx"
    assert record["made_of"] == {"weights": "made.pt", "sha256": sha256_of(weights)}
    assert record["sha256"] == {"made.onnx": sha256_of(made)}
    assert {"ultralytics", "torch"} <= record["tools"].keys()
    assert sorted(file.name for file in out.iterdir()) == ["made.onnx", "made.onnx.json"]


@pytest.mark.models
def test_what_is_no_weights_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"no weights")
    with pytest.raises(ExportError, match=r"the export failed: .+"):
        export(tmp_path / "w.pt", tmp_path / "out", "onnx", 160, half=False)
    assert list((tmp_path / "out").iterdir()) == []
