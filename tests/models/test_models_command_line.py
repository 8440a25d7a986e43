"""``python -m linli_models`` for scripts, ``edge-agent models`` for people."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.commands.models import app

EXPORT = "yolo11n_int8_openvino_model"


@pytest.fixture
def env(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with the shared folders and an empty cache."""
    chosen = {
        "LINLI_MODELS": str(shared / "models"),
        "LINLI_MEDIA": str(shared / "media"),
        "LINLI_CACHE": str(tmp_path / "cache"),
    }
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **chosen}


def run(env: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "linli_models", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)


def test_the_last_lines_are_for_a_script(env: dict[str, str], shared: Path) -> None:
    done = run(env, "fetch", "yolo11n", "vtest", "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["name"] for row in rows] == ["yolo11n", "vtest"]
    assert Path(rows[0]["path"]) == shared / "models" / EXPORT / "yolo11n.xml"
    assert Path(rows[1]["path"]) == shared / "media" / "vtest.avi"
    assert "✓ yolo11n ← $LINLI_MODELS" in done.stderr


def test_the_first_that_works_is_enough(env: dict[str, str]) -> None:
    done = run(env, "fetch", "--first", "no-such-model", "yolo11n", "person-fall", "--json")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["name"] for line in done.stdout.splitlines()] == ["yolo11n"]
    assert "✗ 'no-such-model' is not in the catalogue" in done.stderr


def test_one_that_cannot_be_had_ends_with_1(env: dict[str, str]) -> None:
    done = run(env, "fetch", "yolo11n", "no-such-model", "--json")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 1


def test_list_shows_both_languages_and_where(env: dict[str, str]) -> None:
    result = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["list"])
    assert result.exit_code == 0, result.output
    assert "YOLO11n 通用检测" in result.output
    assert f"{EXPORT}/yolo11n.xml" in result.output
    assert "AGPL-3.0" in result.output


def test_verify_names_a_wrong_copy_and_ends_with_1(env: dict[str, str], tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["verify", "yolo11n"]).exit_code == 0
    wrong = tmp_path / "cache" / "person-fall" / "person-fall.onnx"
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"not a model")
    result = CliRunner().invoke(app, ["verify", "person-fall"])
    assert result.exit_code == 1
    assert "size: expected 44747858 bytes, found 11 bytes" in result.output.replace("\n", "")


def test_verify_of_something_absent_ends_with_1(env: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["verify", "face"])
    assert result.exit_code == 1
    assert "not on this machine" in result.output


@pytest.mark.parametrize("command", ["fetch", "verify"])
def test_an_unknown_name_is_a_configuration_error(env: dict[str, str], command: str) -> None:
    assert CliRunner().invoke(app, [command, "yolo12"]).exit_code == 2


def test_bench_measures_this_machine(env: dict[str, str]) -> None:
    arguments = ["bench", "yolo11n", "--seconds", "0.2"]
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 0, result.output
    row = next(line for line in result.output.splitlines() if "yolo11n" in line)
    latency, sync, asynchronous = (float(cell) for cell in row.replace("┃", "│").split("│")[3:6])
    assert latency > 0
    assert sync > 0
    assert asynchronous > 0


def test_bench_of_a_device_this_machine_lacks(env: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["bench", "yolo11n", "--device", "NPU"])
    assert result.exit_code == 1
    assert "device: expected one of" in result.output
