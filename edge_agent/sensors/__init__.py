"""Sensors: settings → Reading of a round. A type is a factory here and a settings class."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_agent.sensors.base import Sensor, SensorError, Values
from edge_agent.sensors.settings import ReplaySettings, SensorSettings

__all__ = [
    "BLOCKING",
    "SENSORS",
    "ReplaySettings",
    "Sensor",
    "SensorError",
    "SensorSettings",
    "Values",
    "open_sensor",
]

# Each factory takes the settings class of its own type; the union tells them apart.
Factory = Callable[[Any, Path], Sensor]
BLOCKING = frozenset({"iio", "onewire", "particulate", "modbus"})
"""Types that wait for hardware when read; each of their sensors has a thread of its own."""


def _replay(settings: Any, base: Path) -> Sensor:
    from edge_agent.sensors.replay import open_replay

    return open_replay(settings, base)


def _iio(settings: Any, _base: Path) -> Sensor:
    from edge_agent.sensors.iio import IioSensor

    return IioSensor(settings)


def _onewire(settings: Any, _base: Path) -> Sensor:
    from edge_agent.sensors.onewire import OneWireSensor

    return OneWireSensor(settings)


def _particulate(settings: Any, _base: Path) -> Sensor:
    from edge_agent.sensors.particulate import ParticulateSensor

    return ParticulateSensor(settings)


def _modbus(settings: Any, base: Path) -> Sensor:
    from edge_agent.sensors.modbus import open_modbus

    return open_modbus(settings, base)


def _contact(settings: Any, _base: Path) -> Sensor:
    from edge_agent.sensors.contact import ContactSensor

    return ContactSensor(settings)


def _node(settings: Any, base: Path) -> Sensor:
    from edge_agent.sensors.node import NodeSensor

    return NodeSensor(settings, base)


SENSORS: dict[str, Factory] = {
    "replay": _replay,
    "iio": _iio,
    "onewire": _onewire,
    "particulate": _particulate,
    "modbus": _modbus,
    "contact": _contact,
    "mqtt_node": _node,
}


def open_sensor(settings: SensorSettings, base: Path = Path()) -> Sensor:
    """The sensor that ``settings`` describe; relative paths count from ``base``.

    Nothing is connected yet: hardware that is absent is a fault of the running agent, which
    goes on without it, never a reason not to start.

    Raises:
        ConfigError: a file it needs (CSV, register map, secret) is not there or not usable.
    """
    return SENSORS[settings.type](settings, base)
