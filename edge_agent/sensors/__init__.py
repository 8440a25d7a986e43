"""Sensors: settings → Reading of a round."""

from collections.abc import Callable
from pathlib import Path

from edge_agent.sensors.base import Sensor, SensorError
from edge_agent.sensors.settings import ReplaySettings, SensorSettings

__all__ = ["SENSORS", "ReplaySettings", "Sensor", "SensorError", "SensorSettings", "open_sensor"]


def _replay(settings: SensorSettings, base: Path) -> Sensor:
    from edge_agent.sensors.replay import open_replay

    return open_replay(settings, base)


SENSORS: dict[str, Callable[[SensorSettings, Path], Sensor]] = {"replay": _replay}


def open_sensor(settings: SensorSettings, base: Path = Path()) -> Sensor:
    """The sensor that ``settings`` describe; relative paths count from ``base``.

    Raises:
        ConfigError: what it needs is not there or is not usable.
    """
    return SENSORS[settings.type](settings, base)
