"""The examples of docs/sensors.md are settings that the agent takes."""

import re

import pytest
import yaml

from edge_agent.sensors import SENSORS
from tests.conftest import ROOT
from tests.edge_agent.sensors.sensor_kit import settings_of

PAGE = (ROOT / "docs" / "sensors.md").read_text(encoding="utf-8")
EXAMPLES = [
    row
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    for row in yaml.safe_load(block)
]


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row["name"])
def test_an_example_is_taken(row: dict[str, object]) -> None:
    assert settings_of(**row).name == row["name"]


def test_every_type_has_an_example() -> None:
    assert {row["type"] for row in EXAMPLES} == SENSORS.keys()


def test_the_registers_of_the_weather_station_are_in_its_map() -> None:
    file = ROOT / "firmware_configs" / "modbus" / "example-weather-station.yaml"
    names = {row["name"] for row in yaml.safe_load(file.read_text("utf-8"))["registers"]}
    [weather] = [row for row in EXAMPLES if row["name"] == "weather-1"]
    assert {value["reads"] for value in weather["values"]} <= names
