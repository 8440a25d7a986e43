"""Register maps as data, and a real Modbus server over TCP and over a serial line."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge_agent.sensors import SensorError, open_sensor
from edge_agent.sensors.register_map import Register, load_map
from linli_settings import ConfigError
from tests.conftest import ROOT
from tests.edge_agent.sensors.sensor_kit import (
    T0,
    TEMPERATURE,
    WATER,
    ModbusStation,
    serial_pair,
    settings_of,
    write_map,
)

VALUES = [TEMPERATURE | {"reads": "temperature"}, WATER | {"reads": "depth"}]
INPUTS, HOLDING = {0: 0xFFCE, 1: 1, 2: 2}, {10: 0, 11: 0x4148}


def _settings(folder: Path, connection: dict[str, object], **changes: object) -> Any:
    values: dict[str, object] = {
        "type": "modbus", "connection": connection, "station": 1, "timeout": "500ms",
        "map": write_map(folder), "values": VALUES,
    }  # fmt: skip
    return settings_of(**(values | changes))


def _tcp(station: ModbusStation) -> dict[str, object]:
    return {"type": "tcp", "host": "127.0.0.1", "port": station.port}


@pytest.fixture
def station() -> Iterator[ModbusStation]:
    with ModbusStation(INPUTS, HOLDING) as running:
        yield running


@pytest.mark.parametrize(
    ("kind", "words", "order", "scale", "value"),
    [
        ("uint16", [0xFFCE], "big", 1.0, 65486.0),
        ("int16", [0xFFCE], "big", 0.1, -5.0),
        ("uint32", [1, 2], "big", 1.0, 65538.0),
        ("uint32", [1, 2], "little", 1.0, 131073.0),
        ("int32", [0xFFFF, 0xFFFE], "big", 1.0, -2.0),
        ("float32", [0x4148, 0], "big", 1.0, 12.5),
        ("float32", [0, 0x4148], "little", 2.0, 25.0),
    ],
)
def test_numbers_in_registers(
    kind: str, words: list[int], order: str, scale: float, value: float
) -> None:
    row = {"name": "x", "address": 0, "table": "input", "type": kind, "word_order": order}
    register = Register.model_validate(row | {"scale": scale})
    assert register.words == len(words)
    assert register.number(words) == pytest.approx(value)


def test_a_station_that_comes_back_is_read_again(tmp_path: Path, station: ModbusStation) -> None:
    sensor = open_sensor(_settings(tmp_path, _tcp(station)), tmp_path)
    assert sensor.read(T0) == pytest.approx({"temperature": -5.0, "water_depth": 12.5})
    station.stop()
    with pytest.raises(SensorError, match="cannot connect") as caught:
        sensor.read(T0)
    assert caught.value.code == "sensor_missing"


def test_a_register_the_station_lacks_is_named(tmp_path: Path, station: ModbusStation) -> None:
    values = [WATER | {"reads": "absent"}]
    sensor = open_sensor(_settings(tmp_path, _tcp(station), values=values), tmp_path)
    with pytest.raises(SensorError, match=r"station 1 refuses register absent \(99\)") as caught:
        sensor.read(T0)
    assert caught.value.code == "sensor_refused"


def test_rtu_over_a_serial_line_shared_by_two_sensors(tmp_path: Path) -> None:
    with serial_pair() as (ours, theirs), ModbusStation(INPUTS, HOLDING, serial=theirs):
        connection = {"type": "rtu", "port": str(ours), "baud": 9600}
        both = [_settings(tmp_path, connection, values=[value]) for value in VALUES]
        sensors = [open_sensor(one, tmp_path) for one in both]
        found: dict[str, float] = {}
        errors: list[Exception] = []

        def read(sensor: Any) -> None:
            try:
                for _ in range(3):
                    found.update(sensor.read(T0))
            except Exception as error:  # noqa: BLE001 - told by the test
                errors.append(error)

        threads = [threading.Thread(target=read, args=(one,)) for one in sensors]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert errors == []
        assert found == pytest.approx({"temperature": -5.0, "water_depth": 12.5})


def test_a_silent_bus_is_said(tmp_path: Path) -> None:
    with serial_pair() as (ours, _theirs):
        connection = {"type": "rtu", "port": str(ours)}
        sensor = open_sensor(_settings(tmp_path, connection, timeout="200ms"), tmp_path)
        with pytest.raises(SensorError) as caught:
            sensor.read(T0)
        assert caught.value.code == "sensor_silent"


def test_a_value_of_no_register_is_refused_with_those_there_are(tmp_path: Path) -> None:
    chosen = _settings(tmp_path, {"type": "tcp", "host": "h"}, values=[WATER | {"reads": "dep"}])
    with pytest.raises(ConfigError) as caught:
        open_sensor(chosen, tmp_path)
    assert "one named 'dep'" in str(caught.value)
    assert "temperature, pressure, depth" in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "uint64"},
        {"table": "coils"},
        {"address": 70000},
        {"colour": "red"},
    ],
)
def test_a_wrong_map_is_refused_by_line(tmp_path: Path, change: dict[str, object]) -> None:
    row = {"name": "x", "address": 0, "table": "input"} | change
    file = tmp_path / "map.yaml"
    file.write_text(yaml.safe_dump({"name": "n", "source": "s", "registers": [row]}))
    with pytest.raises(ConfigError, match=r"map\.yaml:\d+: registers\[0\]"):
        load_map(file)


@pytest.mark.parametrize(
    "file", sorted((ROOT / "firmware_configs" / "modbus").glob("*.yaml")), ids=lambda f: f.stem
)
def test_the_maps_that_come_with_the_project_are_maps(file: Path) -> None:
    assert load_map(file).registers
