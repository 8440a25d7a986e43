"""From a raw value to a Measurement: calibrated, and marked by how far it can be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from edge_agent.clock import Moment
from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.quantity import Quantity
from linli_contract.payloads import Measurement, Quality


@dataclass(frozen=True)
class _Last:
    """The value before, and since when (monotonic seconds) it has been exactly that."""

    value: float
    at: float
    since: float


class Judge:
    """Calibrates and marks the values of one sensor; nothing is dropped.

    A value is marked, in this order, ``out_of_range``, ``stuck`` (exactly the same for
    ``stuck_after``) or ``fault`` (it changed faster than ``max_change`` allows). Change is counted
    from the value before, believed or not: a jump that stays is doubted once only, so that a true
    alarm is late by one interval at most. A meter's first reading is no growth yet, and one that is
    lower than before began again at zero.
    """

    def __init__(self, name: str, quantities: Sequence[Quantity], reference: bool) -> None:
        self._name = name
        self._quantities = {row.metric: row for row in quantities}
        self._reference = reference
        self._last: dict[str, _Last] = {}
        self._meters: dict[str, float] = {}
        """The last reading of each counter."""

    def judge(self, raw: Values, now: Moment) -> tuple[Measurement, ...]:
        """The measurements, in the order of ``raw``.

        Raises:
            SensorError: a value is no finite number.
            KeyError: a metric is not one of the quantities.
        """
        grown = {metric: self._growth(metric, value) for metric, value in raw.items()}
        return tuple(self._one(m, value, now) for m, value in grown.items() if value is not None)

    def _growth(self, metric: str, raw: float) -> float | None:
        if not self._quantities[metric].counter:
            return raw
        before = self._meters.get(metric)
        self._meters[metric] = raw
        if before is None:
            return None
        return raw - before if raw >= before else raw

    def _one(self, metric: str, raw: float, now: Moment) -> Measurement:
        quantity = self._quantities[metric]
        # not 23.125000000000004: a calibration never has more than nine digits to say
        value = round(raw * quantity.scale + quantity.offset, 9)
        if not isfinite(value):
            raise SensorError(f"{metric}: expected a finite number, got {raw}", "sensor_garbled")
        before = self._last.get(metric)
        same = before is not None and before.value == value
        since = before.since if before is not None and same else now.mono
        self._last[metric] = _Last(value, now.mono, since)
        quality = self._quality(quantity, value, before, since, now.mono)
        return Measurement(self._name, metric, value, quantity.unit, quality)

    def _quality(
        self, quantity: Quantity, value: float, before: _Last | None, since: float, mono: float
    ) -> Quality:
        if not quantity.range[0] <= value <= quantity.range[1]:
            return Quality.OUT_OF_RANGE
        if quantity.stuck_after is not None and mono - since >= quantity.stuck_after:
            return Quality.STUCK
        if quantity.max_change is not None and before is not None:
            allowed = quantity.max_change * (mono - before.at) / 60
            if abs(value - before.value) > allowed:
                return Quality.FAULT
        return Quality.REFERENCE if self._reference else Quality.OK
