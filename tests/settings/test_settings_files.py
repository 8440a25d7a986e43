"""Files that people write: every problem with line, field, expectation, found value and fix."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from linli_settings import ConfigError, Duration, SecretRef, load, parse


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _File(_Strict):
    type: Literal["file"]
    path: str


class _Rtsp(_Strict):
    type: Literal["rtsp"]
    url: str
    password: SecretRef | None = None
    timeout: Duration = 5.0


class _Camera(_Strict):
    name: str
    source: Annotated[_File | _Rtsp, Field(discriminator="type")]


class _Settings(_Strict):
    county: str
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    cameras: list[_Camera] = []


class _Optional(_Strict):
    port: int = 1883


GOOD = "county: '1'\ncameras:\n  - name: gate\n    source: {type: rtsp, url: 'rtsp://x/1'}\n"


def _said(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text, _Settings, "edge.yaml")
    return str(caught.value).splitlines()


def test_a_right_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert load(file, _Settings).cameras[0].name == "gate"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            GOOD + "portt: 1\n",
            "edge.yaml:5: portt: expected a known key, found 'portt' (did you mean 'port'?)",
        ),
        (GOOD + "zzzz: 1\n", "edge.yaml:5: zzzz: expected a known key, found 'zzzz' (remove it)"),
        (
            GOOD.replace("name: gate", "nam: gate"),
            "edge.yaml:3: cameras[0].name: expected a value, found nothing (add name:)",
        ),
        (
            GOOD.replace("url: 'rtsp://x/1'", "url: 'rtsp://x/1', timeout: 5"),
            "edge.yaml:4: cameras[0].source.timeout: expected a duration with a unit "
            "(ms, s, min, h, d), found 5 (did you mean 5s?)",
        ),
        (GOOD + "port: 0\n", "edge.yaml:5: port: expected at least 1, found 0"),
        (
            "county: '1'\ncounty: '2'\n",
            "edge.yaml:2: county: expected each key once, found a second one",
        ),
        (
            "- a\n",
            "edge.yaml:1: file: expected keys and values, found ['a'] (one key: value a line)",
        ),
    ],
)
def test_one_problem_one_line(text: str, line: str) -> None:
    assert line in _said(text)


def test_all_problems_are_said() -> None:
    assert len(_said("port: 0\nportt: 1\n")) == 3


def test_an_empty_file_is_said_to_be_empty() -> None:
    assert _said("") == ["edge.yaml: file: expected settings, found an empty file"]
    assert parse("", _Optional, "edge.yaml").port == 1883


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "\tkey: 1", "&a *a"])
def test_no_yaml_is_said_with_its_line(text: str) -> None:
    [line] = _said(text)
    assert line.startswith("edge.yaml")
    assert "expected valid YAML" in line or "dictionary" in line


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{type: usb}", "source.type: expected one of file, rtsp, found 'usb'"),
        (
            "{type: rstp}",
            "source.type: expected one of file, rtsp, found 'rstp' (did you mean 'rtsp'?)",
        ),
        ("{url: 'rtsp://x/1'}", "source.type: expected a value, found nothing (add type:)"),
    ],
)
def test_an_unknown_kind_says_which_there_are(source: str, said: str) -> None:
    lines = _said(GOOD.replace("{type: rtsp, url: 'rtsp://x/1'}", source))
    assert lines == [f"edge.yaml:4: cameras[0].{said}"]


def test_no_python_object_is_ever_made(tmp_path: Path) -> None:
    target = tmp_path / "made"
    _said(f"county: !!python/object/apply:os.mkdir ['{target}']\n")
    assert not target.exists()


def test_a_secret_that_stands_in_the_file_is_never_shown() -> None:
    text = GOOD.replace("url: 'rtsp://x/1'", "url: 'rtsp://x/1', password: hunter2")
    [line] = _said(text)
    assert "hunter2" not in line
    assert "cameras[0].source.password" in line
    assert "a reference to a secret" in line


def test_credentials_in_an_address_are_never_shown() -> None:
    lines = _said(
        GOOD.replace("'rtsp://x/1'", "'rtsp://me:hunter2@x/1'").replace("name: gate", "name: [1]")
    )
    assert lines
    assert not any("hunter2" in line for line in lines)


@pytest.mark.parametrize("make", [Path.exists, lambda f: f.write_bytes(b"\xff"), Path.mkdir])
def test_a_file_that_cannot_be_read(tmp_path: Path, make: object) -> None:
    file = tmp_path / "x.yaml"
    make(file)  # type: ignore[operator]
    with pytest.raises(ConfigError, match="a readable UTF-8 YAML file"):
        load(file, _Settings)
