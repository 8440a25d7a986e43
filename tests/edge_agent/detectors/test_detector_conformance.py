"""What every detector promises; a new type joins by a row in SETTINGS."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel, TypeAdapter

from edge_agent.detectors import DETECTORS, Detector, DetectorSettings, ModelError, open_detector
from edge_agent.types import Frame
from linli_settings import ConfigError, parse

SETTINGS = {
    kind: {"type": kind, "name": "main", "model": "yolo11n"} for kind in ("openvino", "ultralytics")
}
NEEDS_MODELS = ("ultralytics",)
"""Types that run in the environment of `make test-models` only."""


class Holder(BaseModel):
    detector: DetectorSettings


def settings_of(kind: str, **more: object) -> DetectorSettings:
    return TypeAdapter(DetectorSettings).validate_python({**SETTINGS[kind], **more})


@pytest.fixture(
    params=[
        pytest.param(kind, marks=pytest.mark.models if kind in NEEDS_MODELS else ())
        for kind in sorted(DETECTORS)
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def env(shared: Path, tmp_path: Path) -> dict[str, str]:
    return {"LINLI_MODELS": str(shared / "models"), "LINLI_CACHE": str(tmp_path / "cache")}


@pytest.fixture
def detector(kind: str, env: dict[str, str]) -> Iterator[Detector]:
    opened = open_detector(settings_of(kind), env)
    yield opened
    opened.close()


def frame(width: int = 320, height: int = 240, seed: int = 1) -> Frame:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    return Frame("gate", noise, datetime(2026, 1, 1, tzinfo=UTC), seed)


def test_every_type_has_settings_here() -> None:
    assert sorted(SETTINGS) == sorted(DETECTORS)


def test_detections_are_well_formed(detector: Detector) -> None:
    for width, height in ((320, 240), (1920, 1080), (33, 900)):
        found = detector.submit(frame(width, height)).result(timeout=60)
        count = len(found)
        assert found.boxes.shape == (count, 4)
        assert found.scores.shape == (count,)
        assert found.size == (width, height)
        assert set(found.labels) <= set(detector.labels)
        assert ((found.scores > 0) & (found.scores <= 1)).all()
        assert (found.boxes >= 0).all()
        assert (found.boxes <= np.array([width, height] * 2)).all()


def test_labels_are_named_once(detector: Detector) -> None:
    assert "person" in detector.labels
    assert len(set(detector.labels)) == len(detector.labels)


def test_the_frame_is_not_changed(detector: Detector) -> None:
    given = frame()
    before = given.image.copy()
    detector.submit(given).result(timeout=60)
    assert (given.image == before).all()


def test_many_threads_share_it_and_each_gets_its_own_answer(detector: Detector) -> None:
    sizes = [(100 + 10 * n, 200 - 5 * n) for n in range(24)]

    def look(size: tuple[int, int]) -> tuple[int, int]:
        return detector.submit(frame(*size)).result(timeout=60).size

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(look, sizes)) == sizes


def test_more_frames_than_requests_all_come_back(detector: Detector) -> None:
    futures = [detector.submit(frame(64 + n, 64)) for n in range(12)]
    assert [future.result(timeout=60).size[0] for future in futures] == list(range(64, 76))


def test_close_finishes_what_is_under_way_and_refuses_more(kind: str, env: dict[str, str]) -> None:
    opened = open_detector(settings_of(kind), env)
    future = opened.submit(frame())
    opened.close()
    opened.close()
    assert future.result(timeout=0).size == (320, 240)
    with pytest.raises(ModelError, match="closed"):
        opened.submit(frame())


def test_a_model_that_is_not_here_says_how_to_get_it(kind: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="edge-agent models fetch yolo11n"):
        open_detector(settings_of(kind), {"LINLI_CACHE": str(tmp_path)})


def test_a_model_with_a_wrong_hash_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "yolo11n.onnx").write_bytes(b"x" * 10_720_228)
    env = {"LINLI_CACHE": str(tmp_path / "cache"), "LINLI_MODELS": str(tmp_path)}
    with pytest.raises(ModelError, match=r"yolo11n\.onnx: sha256: expected 7d8fd171"):
        open_detector(settings_of(kind), env)


def test_an_unknown_model_suggests_one(kind: str, env: dict[str, str]) -> None:
    with pytest.raises(ModelError, match="did you mean 'yolo11n'"):
        open_detector(settings_of(kind, model="yolo11m"), env)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("min_confidence: 0.4", "did you mean 0.4%"),
        ("min_confidence: 140%", "at most 100%"),
        ("device: TPU", "one of CPU"),
        ("hint: fast", "one of latency"),
        ("devise: CPU", "did you mean 'device'"),
    ],
)
def test_bad_settings_are_named(line: str, said: str) -> None:
    text = f"detector:\n  type: openvino\n  name: main\n  model: yolo11n\n  {line}\n"
    with pytest.raises(ConfigError) as caught:
        parse(text, Holder)
    assert said in str(caught.value)
    assert ":5: " in str(caught.value)
