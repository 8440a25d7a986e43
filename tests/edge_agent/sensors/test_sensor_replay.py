"""Replayed sensors, in virtual time."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.sensors import ReplaySettings, open_sensor
from linli_settings import ConfigError
from linli_settings.files import parse
from tests.edge_agent.outbox.outbox_kit import START

T0 = START.wall


def _settings(**changes: object) -> ReplaySettings:
    values: dict[str, object] = {
        "name": "gas-1",
        "type": "replay",
        "file": "gas.csv",
        "metric": "gas_lel",
        "unit": "%LEL",
        "range": [0, 100],
        "interval": "10s",
    }
    return ReplaySettings.model_validate(values | changes)


def _write(folder: Path, text: str) -> Path:
    (folder / "gas.csv").write_text(text, encoding="utf-8")
    return folder


def _values(folder: Path, seconds: list[float], **changes: object) -> list[float | None]:
    sensor = open_sensor(_settings(**changes), folder)
    found = [sensor.read(T0 + timedelta(seconds=s)) for s in seconds]
    return [values.get("gas_lel") for values in found]


CSV = "offset_s,value\n5,1\n10,2\n20,3\n"


def test_each_value_holds_until_the_next(tmp_path: Path) -> None:
    _write(tmp_path, CSV)
    assert _values(tmp_path, [0, 5, 9.9, 10, 29.9, 30, 99]) == [None, 1, 1, 2, 3, None, None]


def test_loop_begins_again(tmp_path: Path) -> None:
    _write(tmp_path, CSV)
    assert _values(tmp_path, [0, 29, 30, 35, 40, 60, 65], loop=True) == [
        None,
        3,
        None,
        1,
        2,
        None,
        1,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "header: expected offset_s,value, found nothing"),
        ("a,b\n1,2\n", "header: expected offset_s,value, found a,b"),
        ("offset_s,value\n", "rows: expected at least one, found none"),
        ("offset_s,value\n0,x\n", "line 2: expected two numbers"),
        ("offset_s,value\n0\n", "line 2: expected two numbers"),
        ("offset_s,value\n0,nan\n", "line 2: expected finite numbers"),
        ("offset_s,value\n0,1\n0,2\n", "line 3: expected offsets from 0 that grow"),
        ("offset_s,value\n-1,1\n", "line 2: expected offsets from 0 that grow"),
    ],
)
def test_a_wrong_file_is_refused_by_line(tmp_path: Path, text: str, message: str) -> None:
    _write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        open_sensor(_settings(), tmp_path)
    assert message in str(caught.value)
    assert "gas.csv" in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gas\.csv: file: expected a readable"):
        open_sensor(_settings(), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("metric: gas", "one of smoke, gas_lel"),
        ("unit: ppm", "unit '%LEL' for metric 'gas_lel'"),
        ("range: [5, 5]", "low < high"),
        ("interval: 10", "did you mean 10s?"),
        ("colour: red", "a known key"),
    ],
)
def test_wrong_settings_are_refused(change: str, message: str) -> None:
    good = "name: g\ntype: replay\nfile: g.csv\nmetric: gas_lel\nunit: '%LEL'\nrange: [0, 1]\n"
    key = change.split(":")[0]
    lines = [line for line in good.splitlines() if not line.startswith(f"{key}:")]
    with pytest.raises(ConfigError) as caught:
        parse("\n".join([*lines, change]), ReplaySettings)
    assert message in str(caught.value)
