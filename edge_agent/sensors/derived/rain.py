"""Rain over 3, 6 and 12 hours: the windows of the national warning levels of heavy rain
(中国气象局《气象灾害预警信号发布与传播办法》: 50 mm in 12, 6 and 3 h, 100 mm in 3 h).

The windows outlive a restart: the sums by the minute lie in a small file. While less than a window
is known its sum is a lower bound, so a warning may come late but never falsely.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from edge_agent.clock import Moment
from edge_agent.sensors.derived.window import Minutes
from linli_contract.faults import fault
from linli_contract.payloads import Measurement, Quality

HOURS = {"rain_3h": 3, "rain_6h": 6, "rain_12h": 12}
_LONGEST = 12 * 60
_GOOD = (Quality.OK, Quality.REFERENCE)
_log = structlog.get_logger(__name__)


class RainSums:
    """Once a minute, the millimetres that fell in the last hours, the running minute included.

    Minutes are of Unix time; what falls before the clock is set is counted once it is.

    Args:
        name: of the sensor; its ``rain`` is what fell since the sample before.
        metrics: which of ``HOURS``.
        file: where the sums are kept.
    """

    def __init__(self, name: str, metrics: Sequence[str], file: Path) -> None:
        self.fault = ""
        """Set while the sums cannot be kept, or when those of before could not be read."""
        self._name = name
        self._metrics = metrics
        self._file = file
        self._sums = Minutes(_LONGEST)
        self._untimed = Minutes(_LONGEST)
        """By the minute of the monotonic clock, while the time is not known."""
        self._told: int | None = None
        self._reference = False
        self._read()

    def feed(self, values: Sequence[Measurement], now: Moment) -> list[Measurement]:
        fallen = [v for v in values if v.metric == "rain" and v.quality in _GOOD]
        amount = sum(value.value for value in fallen)
        if fallen:
            self._reference = fallen[-1].quality is Quality.REFERENCE
        if not now.clock_set:
            if amount:
                self._untimed.add(int(now.mono // 60), amount)
            return []
        minute = int(now.wall.timestamp() // 60)
        if self._settle(now) or amount:
            self._sums.add(minute, amount)
            self._write()
        if not fallen or self._told == minute:
            return []
        self._told = minute
        return [self._sum(metric, minute) for metric in self._metrics]

    def _settle(self, now: Moment) -> bool:
        held = list(self._untimed.items())
        self._untimed = Minutes(_LONGEST)
        for mono_minute, amount in held:
            self._sums.add(int((mono_minute * 60 + now.anchor) // 60), amount)
        return bool(held)

    def _sum(self, metric: str, minute: int) -> Measurement:
        total, _ = self._sums.between(minute - HOURS[metric] * 60 + 1, minute)
        quality = Quality.REFERENCE if self._reference else Quality.OK
        return Measurement(self._name, metric, round(total, 3), "mm", quality)

    def _read(self) -> None:
        try:
            kept = json.loads(self._file.read_text(encoding="ascii"))
            for minute, amount in kept["minutes"].items():
                self._sums.add(int(minute), float(amount))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            _log.error("sums of rain could not be read", file=str(self._file), error=str(error))
            self.fault = fault("sensor_state", self._name)

    def _write(self) -> None:
        """Beside, on the disk, then renamed: a power cut leaves the old file or the new one."""
        body = json.dumps({"minutes": {str(m): round(v, 6) for m, v in self._sums.items() if v}})
        new = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with new.open("w", encoding="ascii") as out:
                out.write(body)
                out.flush()
                os.fsync(out.fileno())
            new.replace(self._file)
            self.fault = ""
        except OSError as error:
            if not self.fault:
                _log.error("sums of rain cannot be kept", file=str(self._file), error=str(error))
            self.fault = fault("sensor_state", self._name)
