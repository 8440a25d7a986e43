"""The program as a technician calls it: exit codes, messages, no network in ``check``."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.edge_agent.agent_kit import AGENT, SENSOR, base_settings, write_configuration
from tests.support.mosquitto import Mosquitto, free_port


def _call(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"LINLI_CACHE": str(cache), "LINLI_MODELS": "", "LC_ALL": "en_US.UTF-8"}
    return subprocess.run(
        [str(AGENT), *arguments], capture_output=True, text=True, timeout=60, check=False, env=env
    )


def _check(file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return _call("check", "--config", str(file), *more, cache=file.parent / "cache")


CAMERA = {
    "name": "gate",
    "source": {"type": "file", "path": "none.avi"},
    "detector": "main",
    "evidence": {"pictures": False},
}
MODEL = {"name": "main", "type": "openvino", "model": "none.onnx", "classes": {0: "person"}}


def test_a_right_file_passes(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, base_settings(free_port()) | {"sensors": [SENSOR]})
    done = _check(file)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ok" in done.stdout


def test_an_unknown_key_exits_with_2_and_one_plain_line(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, base_settings(free_port()) | {"sensor": []})
    for command in ("check", "run", "doctor"):
        done = _call(command, "--config", str(file), cache=tmp_path)
        assert done.returncode == 2, command
        [line] = done.stderr.splitlines()
        assert line.startswith(f"{file}:")
        assert "sensor: expected a known key, found 'sensor' (did you mean 'sensors'?)" in line


def test_a_missing_file_exits_with_2(tmp_path: Path) -> None:
    done = _check(tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "none.yaml: file: expected a readable UTF-8 YAML file" in done.stderr


def test_all_files_it_names_are_looked_at(tmp_path: Path) -> None:
    settings = base_settings(free_port()) | {"sensors": [SENSOR | {"file": "none.csv"}]}
    settings["broker"] = {
        "host": "127.0.0.1",
        "port": 1,
        "protocol": "5",
        "username": "u",
        "password": "env:LINLI_NO_SUCH_SECRET",
        "tls": {"ca": "none.pem"},
    }
    file = write_configuration(tmp_path, settings)
    (tmp_path / "device.token").chmod(0o644)
    done = _check(file)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    assert "broker.password" in lines[0]
    assert "chmod 600" in lines[1]
    assert "broker.tls.ca" in lines[2]
    assert "sensors[0]" in lines[3]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MODEL, "there is no file"),
        (
            {"name": "main", "type": "openvino", "model": "yolo11n"},
            "edge-agent models fetch yolo11n",
        ),
    ],
)
def test_a_model_that_is_not_at_hand_exits_with_1_and_the_fix(
    tmp_path: Path, model: dict[str, object], message: str
) -> None:
    settings = base_settings(free_port()) | {"detectors": [model], "cameras": [CAMERA]}
    done = _check(write_configuration(tmp_path, settings))
    assert done.returncode == 1
    assert "detectors[0].model" in done.stderr
    assert message in done.stderr


@pytest.mark.parametrize("name", ["yolo99", "face"])
def test_a_name_that_is_no_detector_of_the_catalogue_is_a_wrong_configuration(
    tmp_path: Path, name: str
) -> None:
    model = {"name": "main", "type": "openvino", "model": name}
    settings = base_settings(free_port()) | {"detectors": [model], "cameras": [CAMERA]}
    done = _check(write_configuration(tmp_path, settings))
    assert done.returncode == 2
    assert "detectors[0].model: expected a model of the catalogue (yolo11n," in done.stderr
    assert f"found '{name}'" in done.stderr


def test_a_model_of_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    settings = base_settings(free_port()) | {
        "detectors": [{"name": "main", "type": "openvino", "model": "person-fall"}],
        "cameras": [CAMERA],
    }
    file = write_configuration(tmp_path, settings)
    # every place the catalogue may look into holds a file that is not the model
    from linli_models import catalogue
    from linli_models.catalogue import files_of

    for source in catalogue().entry("person-fall").sources:
        for row in files_of(source):
            for folder in (tmp_path / "models", tmp_path / "models" / "person-fall"):
                target = folder / row.path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(b"not the model")
    env = os.environ | {
        "LINLI_CACHE": str(tmp_path / "c"),
        "LINLI_MODELS": str(tmp_path / "models"),
    }
    done = subprocess.run(
        [str(AGENT), "check", "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=env,
    )
    assert done.returncode == 1
    assert "person-fall" in done.stderr


def test_a_camera_that_cannot_open_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "none.onnx").write_bytes(b"")
    settings = base_settings(free_port()) | {"detectors": [MODEL], "cameras": [CAMERA]}
    file = write_configuration(tmp_path, settings)
    assert _check(file).returncode == 0
    done = _check(file, "--open")
    assert done.returncode == 1
    assert "cameras[0].source: expected a picture, found cannot_open:" in done.stderr
    assert "none.avi" in done.stderr
    assert "check address" in done.stderr


def test_the_stream_that_cannot_open_is_said_by_its_role(tmp_path: Path) -> None:
    (tmp_path / "none.onnx").write_bytes(b"")
    camera = CAMERA | {"evidence_source": {"type": "file", "path": "main.avi"}}
    settings = base_settings(free_port()) | {"detectors": [MODEL], "cameras": [camera]}
    done = _check(write_configuration(tmp_path, settings), "--open", "--lang", "zh")
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert "cameras[0].source：应为一帧画面，实际为 cannot_open: 摄像头打不开" in first
    assert "none.avi" in first
    assert "cameras[0].evidence_source：应为一帧画面" in second
    assert "main.avi" in second


def test_a_wrong_configuration_is_said_in_the_language_asked_for(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, base_settings(free_port()) | {"sensor": []})
    for lang, said in (("en", "expected a known key"), ("zh", "应为已知的键，实际为 'sensor'")):
        done = _check(file, "--lang", lang)
        assert done.returncode == 2
        assert said in done.stderr


def test_an_outbox_of_another_device_is_refused(tmp_path: Path) -> None:
    settings = base_settings(free_port())
    file = write_configuration(tmp_path, settings)
    from edge_agent.outbox import Database

    Database(tmp_path / "data" / "outbox.sqlite", "/linli/330899/pi-0002", lambda: "e").close()
    done = _call("run", "--config", str(file), cache=tmp_path)
    assert done.returncode == 2
    assert "device: expected the outbox of /linli/330899/pi-0001" in done.stderr


def test_an_outbox_that_cannot_be_opened_is_a_fault_with_its_fix(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, base_settings(free_port()))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "outbox.sqlite").write_bytes(b"this is no database" * 100)
    done = _call("run", "--config", str(file), cache=tmp_path)
    assert done.returncode == 1
    assert "the outbox cannot be written" in done.stderr
    assert "file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["MQTT connection", "clock", "All is well"]),
        ("zh", ["MQTT 连接", "时钟", "全部正常"]),
    ],
)
def test_doctor_with_all_well(
    tmp_path: Path, broker: Mosquitto, lang: str, words: list[str]
) -> None:
    file = write_configuration(tmp_path, base_settings(broker.port))
    done = _call("doctor", "--config", str(file), "--lang", lang, cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(word in done.stdout for word in words)
    assert "MQTT 5" in done.stdout


def test_doctor_names_cause_and_fix(tmp_path: Path) -> None:
    settings = base_settings(free_port()) | {"detectors": [MODEL], "cameras": [CAMERA]}
    file = write_configuration(tmp_path, settings)
    done = _call("doctor", "--config", str(file), "--lang", "en", cache=tmp_path)
    assert done.returncode == 1
    assert "the broker cannot be reached (nothing listens on the port): check" in done.stdout
    assert "the camera cannot be opened" in done.stdout
    assert "the model cannot be loaded or run" in done.stdout
    assert "3 at fault" in done.stdout
