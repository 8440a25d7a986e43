"""What behaviours ask of the rest of the file is checked before anything starts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.presence import check_files
from edge_agent.settings import load_configuration
from linli_settings import ConfigError

FILE = """
county: "330899"
device: pi-0001
data_dir: data
broker: {host: hub.county, port: 1883, protocol: "5"}
hub: {url: "https://hub.county", token: file:token}
detectors:
  - {name: main, type: openvino, model: yolo11n}
  - {name: own, type: openvino, model: own.onnx, classes: {0: ebike, 1: person}}
cameras:
  - name: gate
    source: {type: file, path: gate.mp4}
    detector: main
    zones:
      - name: courtyard
        polygon: [[0.1, 0.2], [0.9, 0.2], [0.9, 0.95]]
        behaviours:
          - {type: stray_dog}
    lines:
      - {name: kerb, line: [[0.1, 0.5], [0.9, 0.5]], direction: a_to_b}
"""


def _written(folder: Path, old: str = "", new: str = "") -> Path:
    assert old in FILE
    file = folder / "edge.yaml"
    file.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    return file


def _said(folder: Path, old: str, new: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_configuration(_written(folder, old, new))
    return str(caught.value)


def test_a_file_with_zones_and_lines_is_right(tmp_path: Path) -> None:
    camera = load_configuration(_written(tmp_path)).settings.cameras[0]
    assert camera.lines[0].line == ((0.1, 0.5), (0.9, 0.5))
    assert camera.zones[0].behaviours[0].needs == {"dog", "person"}


CASES = {
    "a label the model does not know": (
        "{type: stray_dog}",
        "{type: ebike_indoors, labels: [ebike]}",
        "cameras[0].zones[0].behaviours[0].labels: expected labels that the detector main gives",
        "found 'ebike'",
    ),
    "a misspelt label": (
        "{type: stray_dog}",
        "{type: illegal_parking, labels: [cars]}",
        "found 'cars'",
        "did you mean 'car'?",
    ),
    "who may lead the dog": (
        "{type: stray_dog}",
        "{type: stray_dog, owners: [owner]}",
        "cameras[0].zones[0].behaviours[0].owners",
        "found 'owner'",
    ),
    "the default label of a model of one's own": (
        "detector: main",
        "detector: own",
        "the detector own gives (ebike, person)",
        "found 'dog'",
    ),
    "a line": (
        "direction: a_to_b",
        "labels: [cat]",
        "cameras[0].lines[0].labels",
        "found 'cat'",
    ),
    "a line of one point": (
        "line: [[0.1, 0.5], [0.9, 0.5]]",
        "line: [[0.1, 0.5]]",
        "cameras[0].lines[0].line",
        "a line as two [x, y] points",
    ),
    "a line that goes nowhere": (
        "line: [[0.1, 0.5], [0.9, 0.5]]",
        "line: [[0.1, 0.5], [0.1, 0.5]]",
        "cameras[0].lines[0].line",
        "two distinct points",
    ),
    "a line named as a zone": ("name: kerb", "name: courtyard", "zone and line", "courtyard"),
    "a direction there is not": ("a_to_b", "left", "cameras[0].lines[0].direction", "'left'"),
    "holidays without a table": (
        "{type: stray_dog}",
        '{type: stray_dog, schedule: [{from: "22:00", to: "06:00", holidays: only}]}',
        "cameras[0].zones[0].behaviours[0].schedule[0].holidays",
        "name the file with the year's holidays in holidays:",
    ),
    "a time without quotes": (
        "{type: stray_dog}",
        "{type: stray_dog, schedule: [{from: 22:00, to: 23:30}]}",
        "schedule[0].from",
        "in quotes, such as '22:00'",
    ),
    "no such time zone": (
        "data_dir: data",
        "data_dir: data\ntime_zone: Asia/Nowhere",
        "time_zone: expected a time zone such as Asia/Shanghai",
        "found 'Asia/Nowhere'",
    ),
    "an unknown behaviour": (
        "{type: stray_dog}",
        "{type: dogs}",
        "cameras[0].zones[0].behaviours[0].type",
        "'dogs'",
    ),
}


@pytest.mark.parametrize(("old", "new", "where", "what"), CASES.values(), ids=CASES.keys())
def test_what_cannot_be_is_refused_at_the_start(
    tmp_path: Path, old: str, new: str, where: str, what: str
) -> None:
    said = _said(tmp_path, old, new)
    assert where in said
    assert what in said


def test_several_detectors_give_their_labels_together(tmp_path: Path) -> None:
    both = "detectors: [main, own]"
    found = load_configuration(_written(tmp_path, "detector: main", both))
    assert found.settings.cameras[0].detector_names == ("main", "own")


def test_the_table_of_holidays_is_read_at_the_start(tmp_path: Path) -> None:
    file = _written(tmp_path, "data_dir: data", "data_dir: data\nholidays: table.yaml")
    with pytest.raises(ConfigError) as caught:
        check_files(load_configuration(file))
    assert "table.yaml" in str(caught.value)
    table = "years: [{year: 2031, source: a notice, holidays: [{first: 2031-01-01}]}]"
    (tmp_path / "token").write_text("secret", encoding="utf-8")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "table.yaml").write_text(table, encoding="utf-8")
    configuration = load_configuration(file)
    check_files(configuration)
    new_year = datetime(2031, 1, 1, tzinfo=UTC).date()
    assert configuration.duty().calendar.is_holiday(new_year)
