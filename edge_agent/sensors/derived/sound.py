"""Equivalent continuous sound level over ten minutes.

LAeq,T = 10 lg (1/N × Σ 10^(0.1 × L_i)), for samples taken at equal intervals: the energy mean of
GB 3096-2008, 3.3 (and ISO 1996-1).
"""

from collections.abc import Sequence
from math import ceil, log10

from edge_agent.clock import Moment
from edge_agent.sensors.derived.window import Minutes
from linli_contract.payloads import Measurement, Quality

METRIC = "laeq_10min"
_WINDOW = 10
_LEAST = 0.9
"""Share of the samples of the window that must be there (the project's own default)."""
_GOOD = (Quality.OK, Quality.REFERENCE)


def energy(level: float) -> float:
    """Energy of a level in dB, relative to 0 dB."""
    return float(10 ** (level / 10))


def mean_level(total_energy: float, samples: int) -> float:
    """The level in dB, to a tenth, of ``samples`` whose energies sum to ``total_energy``."""
    return round(10 * log10(total_energy / samples), 1)


class SoundLevel:
    """Once a minute, LAeq of the last 10 whole minutes; none while samples are missing."""

    fault = ""

    def __init__(self, name: str, interval: float) -> None:
        self._name = name
        self._least = max(1, ceil(_LEAST * _WINDOW * 60 / interval))
        self._energies = Minutes(_WINDOW + 1)
        self._minute: int | None = None
        self._reference = False

    def feed(self, values: Sequence[Measurement], now: Moment) -> list[Measurement]:
        minute = int(now.mono // 60)
        made = self._close(minute) if self._minute not in (None, minute) else []
        self._minute = minute
        for value in values:
            if value.metric == "noise" and value.quality in _GOOD:
                self._reference = value.quality is Quality.REFERENCE
                self._energies.add(minute, energy(value.value))
        return made

    def _close(self, minute: int) -> list[Measurement]:
        total, number = self._energies.between(minute - _WINDOW, minute - 1)
        if number < self._least:
            return []
        quality = Quality.REFERENCE if self._reference else Quality.OK
        return [Measurement(self._name, METRIC, mean_level(total, number), "dB(A)", quality)]
