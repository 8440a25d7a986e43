"""The edge's file: the example of the architecture page is right, and what is wrong is said."""

import re
from pathlib import Path

import pytest

from edge_agent.settings import load_configuration
from linli_settings import ConfigError

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
EXAMPLE = re.findall(r"```yaml\n(county:.*?)```", DOCUMENT, re.DOTALL)[0]


def _problem(folder: Path, text: str) -> str:
    file = folder / "edge.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_configuration(file)
    return str(caught.value)


def test_the_example_of_the_document_is_right(tmp_path: Path) -> None:
    file = tmp_path / "edge.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    configuration = load_configuration(file)
    settings = configuration.settings
    assert (settings.broker.protocol, settings.broker.port) == ("5", 8883)
    assert settings.cameras[0].zones[0].behaviours[0].dwell == 5.0
    assert settings.outbox.max_size == 500_000_000
    assert settings.outbox.max_age == 7 * 86_400
    assert configuration.data_dir == Path("/var/lib/linli")


CASES = {
    "unknown key": (
        "health: {interval: 30s}",
        "health: {intervall: 30s}",
        "health.intervall: expected a known key, found 'intervall' (did you mean 'interval'?)",
    ),
    "missing unit": ("dwell: 5s,", "dwell: 5,", "did you mean 5s?"),
    "missing unit of a size": ("max_size: 500MB", "max_size: 500", "did you mean 500MB?"),
    "percentage without sign": ("min_confidence: 40%", "min_confidence: 0.4", "did you mean 0.4%?"),
    "polygon with two points": (
        "polygon: [[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]",
        "polygon: [[0.1, 0.2], [0.9, 0.2]]",
        "cameras[0].zones[0].polygon: expected",
    ),
    "privacy polygon with two points": (
        "privacy: [[[0, 0], [0.2, 0], [0.2, 0.1]]]",
        "privacy: [[[0, 0], [0.2, 0]]]",
        "cameras[0].privacy[0]: expected",
    ),
    "no such detector": (
        "detector: main",
        "detector: other",
        "cameras[0].detector: expected one of the detectors main, found 'other'",
    ),
    "protocol left out": (
        'protocol: "5", ',
        "",
        "broker.protocol: expected a value, found nothing",
    ),
    "protocol as a number": (
        'protocol: "5"',
        "protocol: 5",
        "broker.protocol: expected one of 5, 3.1.1, found 5 (put it in quotes: '5')",
    ),
    "password written out": (
        "password: file:secrets/mqtt.password",
        "password: hunter2",
        "a reference to a secret",
    ),
    "port out of range": ("port: 8883", "port: 88830", "broker.port: expected"),
    "unit of another metric": ('unit: "%LEL"', "unit: ppm", "unit '%LEL' for metric 'gas_lel'"),
    "address with credentials": (
        "https://hub.county",
        "https://me:word@hub.county",
        "hub.url: expected an address",
    ),
    "device that is no topic name": ("device: pi-0001", "device: a/b", "device: expected a name"),
    "resident longer than the hub remembers": ("max_age: 7d", "max_age: 8d", "outbox.max_age"),
}


@pytest.mark.parametrize(("old", "new", "message"), CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in EXAMPLE
    text = _problem(tmp_path, EXAMPLE.replace(old, new, 1))
    assert message in text
    assert "edge.yaml" in text
    assert "hunter2" not in text


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    wrong = EXAMPLE.replace("port: 8883", "port: 0").replace("dwell: 5s", "dwell: 5")
    text = _problem(tmp_path, wrong)
    assert "broker.port" in text
    assert "dwell" in text


def test_names_stand_once_over_cameras_and_sensors(tmp_path: Path) -> None:
    text = _problem(tmp_path, EXAMPLE.replace("name: gas-1", "name: gate"))
    assert "sensors[0].name: expected each name once, found 'gate' (cameras[0].name has it" in text


def test_relative_paths_count_from_the_files_folder(tmp_path: Path) -> None:
    file = tmp_path / "edge.yaml"
    text = EXAMPLE.replace("/var/lib/linli", "data")
    text = text.replace("model: yolo11n", "model: m/x.onnx, classes: {0: person}, cache: c")
    file.write_text(text, encoding="utf-8")
    configuration = load_configuration(file)
    assert configuration.data_dir == tmp_path / "data"
    detector = configuration.detector(configuration.settings.detectors[0])
    assert (detector.model, detector.cache) == (str(tmp_path / "m/x.onnx"), tmp_path / "c")


def test_a_catalogue_name_is_no_path(tmp_path: Path) -> None:
    file = tmp_path / "edge.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    configuration = load_configuration(file)
    assert configuration.detector(configuration.settings.detectors[0]).model == "yolo11n"
