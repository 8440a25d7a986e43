"""Wrong sensor settings are refused with field, expected and found."""

from pathlib import Path

import pytest
import yaml

from edge_agent.settings import load_configuration
from linli_settings import ConfigError
from tests.edge_agent.agent_kit import base_settings, write_configuration
from tests.edge_agent.sensors.sensor_kit import PM25, TEMPERATURE, W1_ID, WATER

NOISE = {"metric": "noise", "unit": "dB(A)", "range": [30, 130]}
TCP = {"type": "tcp", "host": "10.0.0.7"}
BROKER = {"username": "agent", "password": "file:node.password"}
GOOD: dict[str, dict[str, object]] = {
    "iio": {"device": "bme280", "channel": "in_temp", **TEMPERATURE},
    "onewire": {"id": W1_ID, **TEMPERATURE},
    "particulate": {"model": "sds011", "port": "/dev/ttyUSB0", "values": [PM25]},
    "modbus": {
        "connection": TCP, "station": 1, "map": "m.yaml", "values": [WATER | {"reads": "d"}],
    },
    "contact": {"line": 4, "count": "level", **WATER},
    "mqtt_node": {
        "node": "node-a", "broker": BROKER, "values": [TEMPERATURE | {"topic": "t/state"}],
    },
    "replay": {"file": "gas.csv", **NOISE},
}  # fmt: skip


def _refusal(folder: Path, sensor: dict[str, object]) -> str:
    row = {"name": "s-1", **sensor}
    file = write_configuration(folder, base_settings(1883) | {"sensors": [row]})
    with pytest.raises(ConfigError) as caught:
        load_configuration(file)
    return str(caught.value)


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_each_kind_is_read_from_yaml(tmp_path: Path, kind: str) -> None:
    row = {"name": "s-1", "type": kind, **GOOD[kind]}
    file = write_configuration(tmp_path, base_settings(1883) | {"sensors": [row]})
    [sensor] = load_configuration(file).settings.sensors
    assert sensor.type == kind
    assert sensor.quantities


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_an_unknown_key_is_refused(tmp_path: Path, kind: str) -> None:
    assert "'colour'" in _refusal(tmp_path, {"type": kind, **GOOD[kind], "colour": "red"})


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("geiger", {}, "sensors[0].type: expected one of replay, iio, onewire"),
        ("iio", {"channel": "temp"}, "sensors[0].channel"),
        ("iio", {"scale": 0}, "scale: a number other than 0"),
        ("iio", {"stuck_after": 60}, "did you mean 60s?"),
        ("iio", {"derive": ["aqi_1h"]}, "derive aqi_1h from a sensor of pm10 or pm2_5"),
        ("iio", {"derive": ["mean"]}, "sensors[0].derive[0]"),
        ("onewire", {"id": "thermometer"}, "sensors[0].id"),
        ("onewire", {"counter": True, "offset": 1}, "counter or offset"),
        ("particulate", {"model": "sps30"}, "sensors[0].model"),
        ("particulate", {"values": []}, "sensors[0].values"),
        ("particulate", {"values": [TEMPERATURE]}, "metrics pm2_5 and pm10"),
        ("particulate", {"values": [PM25, PM25]}, "more than once: pm2_5"),
        ("modbus", {"connection": {"type": "udp"}}, "sensors[0].connection.type"),
        ("modbus", {"station": 300}, "sensors[0].station"),
        ("modbus", {"connection": {"type": "rtu", "port": "/dev/x", "parity": "mark"}}, "parity"),
        ("contact", {"debounce": "20"}, "did you mean 20s?"),
        ("contact", {"count": "edges"}, "sensors[0].count"),
        ("mqtt_node", {"node": "a/b"}, "sensors[0].node"),
        ("mqtt_node", {"broker": BROKER | {"password": "secret"}}, "a reference to a secret"),
        ("mqtt_node", {"values": [TEMPERATURE | {"topic": "t/#"}]}, "a path without + and #"),
        ("replay", {"derive": ["laeq_10min", "laeq_10min"]}, "more than once: laeq_10min"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, kind: str, change: dict[str, object], message: str
) -> None:
    text = _refusal(tmp_path, {"type": kind, **GOOD.get(kind, {}), **change})
    assert message in text
    assert "secret" not in text.replace("a reference to a secret", "").replace("(the secret", "")


def test_grouping_is_at_most_a_second(tmp_path: Path) -> None:
    settings = base_settings(1883) | {"outbox": {"group": "2s"}}
    with pytest.raises(ConfigError, match=r"outbox\.group"):
        load_configuration(write_configuration(tmp_path, settings))
    file = write_configuration(tmp_path, base_settings(1883) | {"outbox": {"group": "500ms"}})
    assert load_configuration(file).settings.outbox.group == 0.5
    assert yaml.safe_load(file.read_text())["outbox"] == {"group": "500ms"}
