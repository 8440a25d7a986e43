"""Samples the sensors that are due and sends what they say as one message."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from edge_agent.clock import Moment
from edge_agent.outbox import OutboxError
from edge_agent.sensors.base import Sensor, SensorError
from linli_contract.faults import fault
from linli_contract.payloads import Measurement, Reading

_PAUSE_S = 0.1
_log = structlog.get_logger(__name__)


@dataclass
class Sampled:
    """One sensor with its timetable."""

    name: str
    sensor: Sensor
    interval: float
    due: float = 0.0
    """Monotonic seconds."""
    fault: str = ""


def take_round(sensors: Sequence[Sampled], now: Moment) -> Reading | None:
    """The values of the sensors due at ``now``; None when there are none.

    A sensor keeps its beat: the next sample is one interval after this one was due, so that
    sensors of one interval stay in one round. One that is late by more begins anew.
    """
    values = [value for row in sensors if row.due <= now.mono if (value := _sample(row, now))]
    return Reading(tuple(values)) if values else None


def _sample(row: Sampled, now: Moment) -> Measurement | None:
    on_beat = row.due + row.interval
    row.due = on_beat if on_beat > now.mono else now.mono + row.interval
    try:
        value = row.sensor.sample(now.wall)
    except SensorError as error:
        if not row.fault:
            _log.warning("sensor gives no value", sensor=row.name, error=str(error))
        row.fault = fault("sensor_failed", row.name)
        return None
    row.fault = ""
    return value


class Rounds:
    """The thread that does it.

    Args:
        sensors: opened.
        emit: keeps one round for good; raises OutboxError when it cannot.
        now: the clock.
    """

    def __init__(
        self,
        sensors: Sequence[Sampled],
        emit: Callable[[Reading, Moment], None],
        now: Callable[[], Moment],
    ) -> None:
        self._sensors = sensors
        self._emit = emit
        self._now = now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sensors", daemon=True)
        self._fault = ""
        self.lost = 0
        """Rounds that the outbox could not keep."""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def faults(self) -> tuple[str, ...]:
        own = [self._fault] if self._fault else []
        return tuple(own + [row.fault for row in self._sensors if row.fault])

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - one sensor's bug must not end the others
                _log.exception("sensors failed")
                self._fault = fault("part_failed", f"sensors: {type(error).__name__}")
            self._stop.wait(_PAUSE_S)

    def _turn(self) -> None:
        now = self._now()
        reading = take_round(self._sensors, now)
        if reading is None:
            return
        try:
            self._emit(reading, now)
            self._fault = ""
        except OutboxError as error:
            self.lost += 1
            self._fault = fault("outbox_write", str(error))
            _log.error("a round of readings could not be kept", lost=self.lost)
