"""1-wire thermometers (DS18B20 and kin) by the kernel's w1_therm driver.

``w1_slave`` holds two lines: nine bytes with the verdict on their CRC, then the same bytes with
the temperature in milli degrees Celsius (Documentation/w1/slaves/w1_therm).
"""

import re
from datetime import datetime

from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.settings import OneWireSettings

_FORM = re.compile(r"crc=[0-9a-f]{2} (YES|NO)\s*\n.*\bt=(-?\d+)\s*\Z", re.DOTALL)


class OneWireSensor:
    """One thermometer; a read starts a conversion, which takes up to 0.75 s."""

    def __init__(self, settings: OneWireSettings) -> None:
        self._settings = settings

    def read(self, now: datetime) -> Values:
        file = self._settings.root / self._settings.id / "w1_slave"
        try:
            text = file.read_text(encoding="ascii")
        except FileNotFoundError:
            raise SensorError(f"no 1-wire device {self._settings.id}", "sensor_missing") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SensorError(f"{file}: {error}") from None
        return {self._settings.metric: parse(text)}

    def close(self) -> None:
        """Holds nothing."""


def parse(text: str) -> float:
    """Degrees Celsius in what ``w1_slave`` says.

    Raises:
        SensorError: its CRC is wrong, or it has another form (empty: the device is gone).

    >>> parse("72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\\n72 01 4b 46 7f ff 0e 10 57 t=23125\\n")
    23.125
    """
    found = _FORM.search(text)
    if found is None:
        raise SensorError(f"w1_slave: expected crc and t, got {text[:80]!r}", "sensor_garbled")
    if found[1] != "YES":
        raise SensorError("the CRC of the 1-wire device is wrong", "sensor_garbled")
    return int(found[2]) / 1000
