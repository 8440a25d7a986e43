"""What every sensor is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

Values = Mapping[str, float]
"""Metric → raw value, before calibration."""


class SensorError(Exception):
    """A sensor gave no value this time; the text says why. The next round tries again.

    Args:
        text: what happened, for the log.
        code: of ``linli_contract.faults``, for the heartbeat.
    """

    def __init__(self, text: str, code: str = "sensor_failed") -> None:
        super().__init__(text)
        self.code = code


class Sensor(Protocol):
    """One device that measures. Made without touching hardware; the first ``read`` opens it."""

    def read(self, now: datetime) -> Values:
        """The raw values at ``now`` (UTC); empty where there are none to give yet or any more.

        It may block for a few seconds where its type is named in ``BLOCKING``, never for ever.

        Raises:
            SensorError: it should have a value and could not be read.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; may be called at any time, more than once."""
        ...
