"""What every sensor is."""

from datetime import datetime
from typing import Protocol

from linli_contract.payloads import Measurement, Quality


class SensorError(Exception):
    """A sensor gave no value this time; the text says why. The next round tries again."""


class Sensor(Protocol):
    """One quantity at one place."""

    def sample(self, now: datetime) -> Measurement | None:
        """The value at ``now`` (UTC); None where it has none to give yet or any more.

        Raises:
            SensorError: it should have one and could not be read.
        """
        ...


def quality_of(value: float, allowed: tuple[float, float], reference: bool) -> Quality:
    """How far a value can be trusted; one out of range is marked, never dropped."""
    if not allowed[0] <= value <= allowed[1]:
        return Quality.OUT_OF_RANGE
    return Quality.REFERENCE if reference else Quality.OK
