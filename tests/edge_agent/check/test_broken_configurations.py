"""What ``edge-agent check`` refuses, and that its words lead to the fix."""

import re
from pathlib import Path

import pytest

from edge_agent.commands.check import check
from edge_agent.settings import load_configuration
from linli_settings import ConfigError
from tests.edge_agent.check.broken import BROKEN, GOOD, Break


def said(site: Path, text: str = GOOD) -> str:
    file = site / "edge.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check(file, open_cameras=False)
    return str(caught.value)


def test_the_right_one_passes(site: Path) -> None:
    assert check(site / "edge.yaml", open_cameras=False) == []


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_file_line_field_expectation_found_and_fix_are_said(site: Path, case: Break) -> None:
    assert case.old in GOOD
    text = GOOD.replace(case.old, case.new, 1)
    place = text.index(case.line_of) if case.line_of else text.index(case.new)
    line = text[:place].count("\n") + 1
    start = re.escape(f"{site / 'edge.yaml'}:{line}: {case.field}: expected ")
    message = said(site, text)
    [row] = [row for row in message.splitlines() if re.match(start, row)]
    assert case.expected in row
    assert case.found in row
    assert case.fix in row
    assert "s3cr3t" not in message


@pytest.mark.parametrize("name", ["Input should", "valid dictionary", "tag '", "type=", "pydantic"])
def test_no_message_speaks_the_librarys_language(site: Path, name: str) -> None:
    for case in BROKEN.values():
        assert name not in said(site, GOOD.replace(case.old, case.new, 1))


def test_an_empty_file(site: Path) -> None:
    assert said(site, "").endswith("edge.yaml: file: expected settings, found an empty file")


def test_a_list_where_settings_belong(site: Path) -> None:
    assert "edge.yaml:1: file: expected keys and values, found ['a']" in said(site, "- a\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.yaml: file: expected a readable UTF-8 YAML file"):
        load_configuration(tmp_path / "none.yaml")


def _line(field_start: str) -> int:
    return GOOD[: GOOD.index(field_start)].count("\n") + 1


def test_a_secret_that_is_not_there(site: Path) -> None:
    (site / "secrets" / "mqtt.password").unlink()
    line = _line("  password: file:secrets/mqtt")
    assert f"edge.yaml:{line}: broker.password: " in said(site)
    assert "expected a secret's file, found No such file" in said(site)


def test_a_secret_that_others_can_read(site: Path) -> None:
    file = site / "secrets" / "street.password"
    file.chmod(0o644)
    line = _line("      password: file:secrets/street")
    assert f"edge.yaml:{line}: cameras[1].source.password: " in said(site)
    assert f"expected a file only its owner reads, found 0o644 (chmod 600 {file})" in said(site)


def test_an_empty_secret(site: Path) -> None:
    (site / "secrets" / "device.token").write_text("")
    assert f"edge.yaml:{_line('  token:')}: hub.token: " in said(site)
    assert "expected a secret, found an empty file" in said(site)


def test_a_certificate_that_is_not_there(site: Path) -> None:
    (site / "ca.pem").unlink()
    message = said(site)
    assert f"edge.yaml:{_line('  tls:')}: broker.tls.ca: expected a readable file" in message


def test_a_replay_file_that_is_not_there(site: Path) -> None:
    (site / "gas.csv").unlink()
    assert f"edge.yaml:{_line('  - name: gas-1')}: sensors[0]: " in said(site)
    assert "expected a readable UTF-8 CSV file, found" in said(site)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("time,value\n0,1\n", "header: expected offset_s,value, found time,value"),
        ("offset_s,value\n0,wet\n", "line 2: expected two numbers"),
        ("offset_s,value\n5,1\n0,1\n", "line 3: expected offsets from 0 that grow, found 0.0"),
        ("offset_s,value\n", "rows: expected at least one, found none"),
    ],
)
def test_a_replay_file_that_is_wrong(site: Path, rows: str, message: str) -> None:
    (site / "gas.csv").write_text(rows, encoding="utf-8")
    assert message in said(site)


def models(
    site: Path, model: str, monkeypatch: pytest.MonkeyPatch, folder: str = ""
) -> tuple[int, str]:
    """Line and message of a catalogue's model that is not at hand."""
    monkeypatch.setenv("LINLI_CACHE", str(site / "cache"))
    monkeypatch.setenv("LINLI_MODELS", folder)
    text = GOOD.replace("model: model.onnx\n    classes: {0: person}", f"model: {model}")
    (site / "edge.yaml").write_text(text, encoding="utf-8")
    [problem] = check(site / "edge.yaml", open_cameras=False)
    return text[: text.index(f"model: {model}")].count("\n") + 1, problem


def test_a_model_that_was_not_fetched(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line, problem = models(site, "yolo11n", monkeypatch)
    assert problem.startswith(f"{site / 'edge.yaml'}:{line}: detectors[0].model: expected ")
    assert "found yolo11n is not on this machine: run `edge-agent models fetch yolo11n`" in problem


def test_a_model_of_another_hash(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = site / "models" / "person-fall"
    folder.mkdir(parents=True)
    for name in ("person-fall.xml", "person-fall.bin"):
        (folder / name).write_bytes(b"not the model")
    line, problem = models(site, "person-fall", monkeypatch, str(site / "models"))
    assert problem.startswith(f"{site / 'edge.yaml'}:{line}: detectors[0].model: expected ")
    assert "person-fall" in problem


def test_a_model_file_that_is_not_there(site: Path) -> None:
    (site / "model.onnx").unlink()
    [problem] = check(site / "edge.yaml", open_cameras=False)
    assert f"edge.yaml:{_line('    model:')}: detectors[0].model: expected a model" in problem
    assert f"there is no file {site / 'model.onnx'}" in problem


def test_without_the_model_that_finds_faces(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_CACHE", str(site / "cache"))
    monkeypatch.setenv("LINLI_MODELS", "")
    (site / "edge.yaml").write_text(GOOD.replace("pictures: false", "pictures: true", 1))
    [problem] = check(site / "edge.yaml", open_cameras=False)
    assert "run `edge-agent models fetch face`" in problem
