"""How a sensor is read without holding up the others.

``Inline`` reads at once. ``Threaded`` has a thread for a sensor that waits for hardware: asked when
it is due, its outcome is fetched when it is there.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from edge_agent.sensors.base import Sensor, SensorError, Values

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What one read gave."""

    values: Values
    error: SensorError | None = None


class Reader(Protocol):
    """One sensor, asked and fetched by one thread."""

    def ask(self, now: datetime) -> bool:
        """Begin a read; False while the one before is still under way."""
        ...

    def fetch(self) -> Outcome | None:
        """The outcome of a read that has ended since the last fetch."""
        ...

    def stop(self) -> None:
        """Close the sensor."""
        ...


class Inline:
    """For sensors that answer from memory."""

    def __init__(self, sensor: Sensor) -> None:
        self._sensor = sensor
        self._outcome: Outcome | None = None

    def ask(self, now: datetime) -> bool:
        self._outcome = _read(self._sensor, now)
        return True

    def fetch(self) -> Outcome | None:
        outcome, self._outcome = self._outcome, None
        return outcome

    def stop(self) -> None:
        self._sensor.close()


class Threaded:
    """For sensors that wait. The thread begins with the first question and is a daemon: a driver
    that never returns from the kernel must not keep the program from ending."""

    def __init__(self, sensor: Sensor, name: str) -> None:
        self._sensor = sensor
        self._lock = threading.Condition()
        self._asked: datetime | None = None
        self._outcome: Outcome | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=f"sensor-{name}", daemon=True)

    def ask(self, now: datetime) -> bool:
        with self._lock:
            if self._asked is not None:
                return False
            self._asked = now
            self._lock.notify()
        if self._thread.ident is None:
            self._thread.start()
        return True

    def fetch(self) -> Outcome | None:
        with self._lock:
            outcome, self._outcome = self._outcome, None
        return outcome

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._lock.notify()

    def _run(self) -> None:
        while (now := self._next()) is not None:
            outcome = _read(self._sensor, now)
            with self._lock:
                self._asked, self._outcome = None, outcome
        self._sensor.close()

    def _next(self) -> datetime | None:
        with self._lock:
            self._lock.wait_for(lambda: self._stopped or self._asked is not None)
            return None if self._stopped else self._asked


def _read(sensor: Sensor, now: datetime) -> Outcome:
    try:
        return Outcome(sensor.read(now))
    except SensorError as error:
        return Outcome({}, error)
    except Exception as error:  # noqa: BLE001 - one sensor's bug must not end the others; it is red
        _log.exception("sensor failed")
        return Outcome({}, SensorError(f"{type(error).__name__}: {error}"))
