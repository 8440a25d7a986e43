"""Linux industrial I/O: sensors on I²C, SPI or an ADC whose driver is in the kernel.

Files and units by the kernel's ABI (Documentation/ABI/testing/sysfs-bus-iio):
``<channel>_input`` is the processed value, else the value is (``_raw`` + ``_offset``) × ``_scale``;
scale and offset may be shared by all channels of a kind (``in_voltage_scale``).
"""

import re
from datetime import datetime
from pathlib import Path

from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.settings import IioSettings

_MILLI, _PERCENT_IN_PPM = 1e-3, 1e4
_UNITS: dict[str, float] = {
    "in_temp": _MILLI,  # milli degrees Celsius → °C
    "in_humidityrelative": _MILLI,  # milli percent → %
    "in_voltage": _MILLI,  # millivolt → V
    "in_concentration": _PERCENT_IN_PPM,  # percent → ppm
}
"""Kind of channel → factor from the ABI's unit to Linli's; others come in their ABI unit (a mass
concentration in µg/m³, a distance in m, an inclination in degrees) and ``scale`` converts them."""


class IioSensor:
    """One channel; the device is found by its name at each read, for its number may change."""

    def __init__(self, settings: IioSettings) -> None:
        self._settings = settings

    def read(self, now: datetime) -> Values:
        chosen = self._settings
        value = read_channel(find_device(chosen.root, chosen.device), chosen.channel)
        return {chosen.metric: value * _UNITS.get(kind_of(chosen.channel), 1.0)}

    def close(self) -> None:
        """Holds nothing."""


def kind_of(channel: str) -> str:
    """``in_voltage0`` or ``in_concentration_co2`` → ``in_voltage``, ``in_concentration``."""
    found = re.match(r"in_[a-z]+", channel)
    return found[0] if found else channel


def find_device(root: Path, name: str) -> Path:
    """The folder of the device of that name.

    Raises:
        SensorError: there is none.
    """
    for folder in sorted(root.glob("iio:device*")):
        file = folder / "name"
        if file.is_file() and _text(file) == name:
            return folder
    raise SensorError(f"no IIO device named {name!r} below {root}", "sensor_missing")


def read_channel(folder: Path, channel: str) -> float:
    """The value in the ABI's unit.

    Raises:
        SensorError: the channel is not there, or the driver could not read it.
    """
    processed = folder / f"{channel}_input"
    if processed.exists():
        return _number(processed)
    raw = folder / f"{channel}_raw"
    if not raw.exists():
        raise SensorError(f"{folder.name} has no channel {channel!r}", "sensor_missing")
    offset = _shared(folder, channel, "offset", 0.0)
    return (_number(raw) + offset) * _shared(folder, channel, "scale", 1.0)


def _shared(folder: Path, channel: str, what: str, default: float) -> float:
    for name in (channel, kind_of(channel)):
        file = folder / f"{name}_{what}"
        if file.exists():
            return _number(file)
    return default


def _number(file: Path) -> float:
    text = _text(file)
    try:
        return float(text)
    except ValueError:
        raise SensorError(f"{file}: expected a number, got {text!r}", "sensor_garbled") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SensorError(f"{file}: {error}") from None
