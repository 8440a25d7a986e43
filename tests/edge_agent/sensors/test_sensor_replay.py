"""Replayed sensors and their rounds, in virtual time."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.sensors import SENSORS, ReplaySettings, SensorError, open_sensor
from edge_agent.sensors.rounds import Sampled, take_round
from linli_contract.metrics import METRICS
from linli_contract.payloads import Measurement, Quality
from linli_settings import ConfigError
from linli_settings.files import parse
from tests.edge_agent.outbox.outbox_kit import START, after

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
    found = [sensor.sample(T0 + timedelta(seconds=s)) for s in seconds]
    return [m.value if m else None for m in found]


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


def test_quality_marks_and_never_drops(tmp_path: Path) -> None:
    _write(tmp_path, "offset_s,value\n0,5\n10,250\n")
    for reference, good in ((False, Quality.OK), (True, Quality.REFERENCE)):
        sensor = open_sensor(_settings(reference=reference), tmp_path)
        inside, outside = (sensor.sample(T0 + timedelta(seconds=s)) for s in (0, 10))
        assert inside == Measurement("gas-1", "gas_lel", 5.0, "%LEL", good)
        assert outside == Measurement("gas-1", "gas_lel", 250.0, "%LEL", Quality.OUT_OF_RANGE)


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
        ("unit: ppm", "unit '%LEL' for metric 'gas_lel', not 'ppm'"),
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


def test_every_sensor_type_keeps_the_protocol(tmp_path: Path) -> None:
    """The conformance test: one set of settings for each type in SENSORS."""
    _write(tmp_path, CSV)
    examples = {"replay": _settings()}
    assert examples.keys() == SENSORS.keys()
    for settings in examples.values():
        sensor = open_sensor(settings, tmp_path)
        found = [sensor.sample(T0 + timedelta(seconds=s)) for s in (0, 6, 12)]
        given = [m for m in found if m is not None]
        assert given
        for measurement in given:
            assert measurement.sensor == settings.name
            assert METRICS[measurement.metric] == measurement.unit


class _Fixed:
    def __init__(self, value: float | None) -> None:
        self.value = value

    def sample(self, now: object) -> Measurement | None:
        if self.value is None:
            raise SensorError("no answer")
        return Measurement("s", "co", self.value, "ppm")


def test_sensors_of_one_interval_share_a_round_and_keep_their_beat() -> None:
    rows = [Sampled(f"s{n}", _Fixed(n), 10.0) for n in range(3)]
    rows.append(Sampled("slow", _Fixed(9), 30.0))
    sizes = []
    for tenth in range(600):
        reading = take_round(rows, after(tenth / 10))
        if reading:
            sizes.append((tenth / 10, len(reading.values)))
    assert sizes == [(0, 4), (10, 3), (20, 3), (30, 4), (40, 3), (50, 3)]


def test_a_sensor_that_fails_is_at_fault_and_the_others_go_on() -> None:
    broken, good = Sampled("gas-1", _Fixed(None), 10.0), Sampled("co-1", _Fixed(1), 10.0)
    reading = take_round([broken, good], START)
    assert reading is not None
    assert len(reading.values) == 1
    assert broken.fault == "sensor_failed: gas-1"
    broken.sensor = _Fixed(2)
    assert take_round([broken, good], after(5)) is None
    healed = take_round([broken, good], after(10))
    assert healed is not None
    assert len(healed.values) == 2
    assert broken.fault == ""


def test_after_a_pause_a_sensor_does_not_catch_up() -> None:
    row = Sampled("s", _Fixed(1), 10.0)
    take_round([row], START)
    assert take_round([row], after(95)) is not None
    assert take_round([row], after(96)) is None
    assert replace(row).due == START.mono + 105
