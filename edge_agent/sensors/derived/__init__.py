"""What the edge computes from a sensor's values over a window: AQI, LAeq, sums of rain.

Only values marked ok or reference count.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from edge_agent.clock import Moment
from linli_contract.payloads import Measurement

__all__ = ["Derivation", "derivations"]


class Derivation(Protocol):
    """One computation; fed with every round of its sensor."""

    fault: str
    """``code: detail`` while something is wrong with it."""

    def feed(self, values: Sequence[Measurement], now: Moment) -> list[Measurement]:
        """Take the sensor's values in; what is due to be told now."""
        ...


def derivations(
    name: str, interval: float, derive: Sequence[str], state: Path
) -> tuple[Derivation, ...]:
    """The computations named in a sensor's ``derive``.

    Args:
        interval: seconds between two samples of the sensor.
        state: folder for what must outlive a restart.
    """
    made: list[Derivation] = []
    if "aqi_1h" in derive:
        from edge_agent.sensors.derived.aqi import AirQuality, load_breakpoints

        made.append(AirQuality(name, interval, load_breakpoints()))
    if "laeq_10min" in derive:
        from edge_agent.sensors.derived.sound import SoundLevel

        made.append(SoundLevel(name, interval))
    if rain := [metric for metric in derive if metric.startswith("rain_")]:
        from edge_agent.sensors.derived.rain import RainSums

        made.append(RainSums(name, rain, state / f"{name}.rain.json"))
    return tuple(made)
