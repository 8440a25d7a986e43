"""Air quality index from hourly means of PM2.5 and PM10 (HJ 633-2026; limits in ``aqi.yaml``).

IAQI = (IAQI_hi − IAQI_lo) / (BP_hi − BP_lo) × (C − BP_lo) + IAQI_lo, rounded up to an integer; the
AQI is the largest IAQI. Of low-cost sensors and two pollutants only, it is 参考值 reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from math import ceil

import yaml

from edge_agent.clock import Moment
from edge_agent.sensors.derived.window import Minutes
from linli_contract.payloads import Measurement, Quality

METRIC = "aqi_1h"
_HOUR = 60
_GOOD = (Quality.OK, Quality.REFERENCE)


@dataclass(frozen=True)
class Breakpoints:
    """The standard's table."""

    iaqi: tuple[int, ...]
    concentrations: Mapping[str, tuple[int, ...]]
    """Pollutant → µg/m³, one for each index."""
    min_minutes: int


def load_breakpoints() -> Breakpoints:
    """The table that comes with the program."""
    text = files(__package__).joinpath("aqi.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)
    found = {name: tuple(rows[name]) for name in ("pm2_5", "pm10")}
    return Breakpoints(tuple(rows["iaqi"]), found, int(rows["min_minutes"]))


def iaqi(breakpoints: Breakpoints, pollutant: str, concentration: float) -> int:
    """The individual index of an hourly mean in µg/m³; 500 beyond the table, 0 below it."""
    limits = breakpoints.concentrations[pollutant]
    # exact, so that 35 is 50 and never 50.000000000000007 rounded up; means keep 3 decimals
    value = Fraction(str(round(concentration, 3)))
    if value <= limits[0]:
        return breakpoints.iaqi[0]
    for at in range(1, len(limits)):
        if value <= limits[at]:
            low, high = breakpoints.iaqi[at - 1 : at + 1]
            span = Fraction(high - low, limits[at] - limits[at - 1])
            return ceil(span * (value - limits[at - 1]) + low)
    return breakpoints.iaqi[-1]


class AirQuality:
    """Once a minute, the AQI of the last 60 whole minutes; none until enough were measured.

    Args:
        name: of the sensor.
        interval: seconds between its samples.
    """

    fault = ""

    def __init__(self, name: str, interval: float, breakpoints: Breakpoints) -> None:
        self._name = name
        self._breakpoints = breakpoints
        self._least = max(1, ceil(breakpoints.min_minutes * 60 / interval))
        self._sums = {pollutant: Minutes(_HOUR + 1) for pollutant in breakpoints.concentrations}
        self._minute: int | None = None

    def feed(self, values: Sequence[Measurement], now: Moment) -> list[Measurement]:
        minute = int(now.mono // 60)
        made = self._close(minute) if self._minute not in (None, minute) else []
        self._minute = minute
        for value in values:
            if value.metric in self._sums and value.quality in _GOOD:
                self._sums[value.metric].add(minute, value.value)
        return made

    def _close(self, minute: int) -> list[Measurement]:
        indices = []
        for pollutant, sums in self._sums.items():
            total, number = sums.between(minute - _HOUR, minute - 1)
            if number >= self._least:
                indices.append(iaqi(self._breakpoints, pollutant, total / number))
        if not indices:
            return []
        return [Measurement(self._name, METRIC, float(max(indices)), "AQI", Quality.REFERENCE)]
