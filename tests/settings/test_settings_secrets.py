"""Secrets by reference, and the one redactor."""

import io
import json
import logging
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from linli_settings import ConfigError, SecretRef, redact
from linli_settings.logs import set_up_logs
from linli_settings.redact import redact_event
from linli_settings.secrets import resolve


@pytest.mark.parametrize("reference", ["file:secrets/x", "file:/etc/linli/x", "env:LINLI_X"])
def test_references_are_taken(reference: str) -> None:
    assert TypeAdapter(SecretRef).validate_python(reference) == reference


@pytest.mark.parametrize("value", ["hunter2", "", "file:", "env:", "file:a b", "http:x"])
def test_anything_else_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="a reference to a secret"):
        TypeAdapter(SecretRef).validate_python(value)


def test_a_secret_is_read_without_its_line_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "word"
    file.write_text("hunter2\n")
    file.chmod(0o600)
    assert resolve("file:word", tmp_path) == resolve(f"file:{file}") == "hunter2"
    monkeypatch.setenv("LINLI_WORD", "hunter3")
    assert resolve("env:LINLI_WORD") == "hunter3"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "word"
    file.write_text("hunter2")
    file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        resolve("file:word", tmp_path)
    assert f"chmod 600 {file}" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_missing_or_empty_secret_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="a secret's file"):
        resolve("file:none", tmp_path)
    (tmp_path / "empty").touch(0o600)
    with pytest.raises(ConfigError, match="an empty file"):
        resolve("file:empty", tmp_path)
    monkeypatch.setenv("LINLI_WORD", "")
    with pytest.raises(ConfigError, match="set LINLI_WORD"):
        resolve("env:LINLI_WORD")


@pytest.mark.parametrize(
    "text",
    [
        "open rtsp://admin:hunter2@10.0.0.8/ch1 failed",
        "rtsp://admin:p@ss:/%hunter2@10.0.0.8/ch1",
        "https://hunter2@host/x",
        "password=hunter2",
        "password: hunter2, next",
        "'password': 'hunter2'",
        '{"token": "hunter2"}',
        "mqtt_password=hunter2;",
        "Authorization: Bearer hunter2",
        "app_secret=hunter2&x=1",
    ],
)
def test_credentials_are_redacted(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize("text", ["mail a@b.c", "no secrets here", "https://hub.county/x", "token"])
def test_other_text_stays(text: str) -> None:
    assert redact(text) == text


@given(st.from_regex(r"[A-Za-z0-9:/%@!$&*+,-]{1,30}", fullmatch=True))
def test_no_part_of_a_password_survives(password: str) -> None:
    clean = redact(f"cannot open rtsp://viewer:{password}@10.0.0.8/ch1")
    assert clean == "cannot open rtsp://***@10.0.0.8/ch1"


@given(st.text(max_size=100))
def test_any_text_can_be_redacted_and_twice_is_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_values_under_a_secrets_name_are_hidden_whatever_they_are() -> None:
    event = {
        "event": "x",
        "password": 7,
        "nested": {"api_key": ["a"], "url": "rtsp://u:w@h/"},
        "error": ValueError("token=abc"),
    }
    assert redact_event(None, "", dict(event)) == {
        "event": "x",
        "password": "***",
        "nested": {"api_key": "***", "url": "rtsp://***@h/"},
        "error": "token=***",
    }


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_both_kinds_of_logger_pass_the_redactor(stream: io.StringIO) -> None:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    try:
        set_up_logs("info", stream)
        structlog.get_logger("ours").info("opened", url="rtsp://u:hunter2@h/", password="hunter2")
        logging.getLogger("theirs").warning("cannot open %s", "rtsp://u:hunter2@h/")
        try:
            raise ValueError("rtsp://u:hunter2@h/")
        except ValueError:
            logging.getLogger("theirs").exception("failed")
    finally:
        logging.getLogger().handlers = handlers
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["opened", "cannot open rtsp://***@h/", "failed"]
    assert "hunter2" not in stream.getvalue()
    assert "Traceback" in stream.getvalue()
