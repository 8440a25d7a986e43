"""Samples the sensors that are due and sends what they say as one message."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from edge_agent.clock import Moment
from edge_agent.outbox import OutboxError
from edge_agent.pulse import Pulse
from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.derived import Derivation
from edge_agent.sensors.quality import Judge
from edge_agent.sensors.readers import Reader
from linli_contract.faults import fault
from linli_contract.payloads import Measurement, Quality, Reading

_PAUSE_S = 0.1
_log = structlog.get_logger(__name__)
Timed = tuple[Reading, Moment]
"""A round and when it was taken."""


@dataclass
class Sampled:
    """One sensor with its timetable."""

    name: str
    reader: Reader
    judge: Judge
    interval: float
    derivations: Sequence[Derivation] = ()
    due: float = 0.0
    """Monotonic seconds."""
    fault: str = ""
    stuck: set[str] = field(default_factory=set)
    """Metrics whose last value was marked stuck."""

    def faults(self) -> list[str]:
        """What is wrong now: it cannot be read, it is stuck, its sums cannot be kept."""
        found = [self.fault] if self.fault else []
        found += [fault("sensor_stuck", f"{self.name} {metric}") for metric in sorted(self.stuck)]
        return found + [row.fault for row in self.derivations if row.fault]


def take_round(sensors: Sequence[Sampled], now: Moment) -> Reading | None:
    """Ask the sensors due at ``now``; the values that are there, None when there are none.

    A sensor keeps its beat: the next sample is one interval after this one was due, so that
    sensors of one interval stay in one round. One that is late by more begins anew.
    """
    for row in sensors:
        if row.due <= now.mono:
            _ask(row, now)
    values = [value for row in sensors for value in _fetch(row, now)]
    return Reading(tuple(values)) if values else None


def _ask(row: Sampled, now: Moment) -> None:
    on_beat = row.due + row.interval
    row.due = on_beat if on_beat > now.mono else now.mono + row.interval
    if not row.reader.ask(now.wall):
        _red(row, SensorError("no answer within its interval", "sensor_silent"))


def _fetch(row: Sampled, now: Moment) -> Sequence[Measurement]:
    outcome = row.reader.fetch()
    if outcome is None:
        return ()
    try:
        if outcome.error is not None:
            raise outcome.error
        if not outcome.values:
            return ()  # nothing new: what was wrong before may still be
        values = _marked(row, outcome.values, now)
    except SensorError as error:
        _red(row, error)
        return ()
    if row.fault:
        _log.info("sensor gives values again", sensor=row.name)
    row.fault = ""
    return values


def _marked(row: Sampled, raw: Values, now: Moment) -> list[Measurement]:
    values = row.judge.judge(raw, now)
    for value in values:
        change = row.stuck.add if value.quality is Quality.STUCK else row.stuck.discard
        change(value.metric)
    derived = [one for made in row.derivations for one in made.feed(values, now)]
    return [*values, *derived]


def _red(row: Sampled, error: SensorError) -> None:
    found = fault(error.code, row.name)
    if row.fault != found:
        _log.warning("sensor gives no value", sensor=row.name, fault=error.code, error=str(error))
    row.fault = found


class Rounds:
    """The thread that does it.

    Args:
        sensors: not yet read.
        emit: keeps rounds for good, all or none; raises OutboxError when it cannot.
        now: the clock.
        group_s: rounds of so many seconds are kept in one commit.
    """

    def __init__(
        self,
        sensors: Sequence[Sampled],
        emit: Callable[[Sequence[Timed]], None],
        now: Callable[[], Moment],
        group_s: float = 0.0,
    ) -> None:
        self._sensors = sensors
        self._emit = emit
        self._now = now
        self._group_s = group_s
        self._held: list[Timed] = []
        self.pulse = Pulse()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sensors", daemon=True)
        self._fault = ""
        self.lost = 0
        """Rounds that the outbox could not keep."""

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End; what is held is kept first."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        for row in self._sensors:
            row.reader.stop()

    def faults(self) -> tuple[str, ...]:
        own = [self._fault] if self._fault else []
        return tuple(own + [text for row in self._sensors for text in row.faults()])

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - one sensor's bug must not end the others
                _log.exception("sensors failed")
                self._fault = fault("part_failed", f"sensors: {type(error).__name__}")
            self._stop.wait(_PAUSE_S)
        self._keep()

    def _turn(self) -> None:
        now = self._now()
        self.pulse.beat(now.mono)
        reading = take_round(self._sensors, now)
        if reading is not None:
            self._held.append((reading, now))
        if self._held and now.mono - self._held[0][1].mono >= self._group_s:
            self._keep()

    def _keep(self) -> None:
        held, self._held = self._held, []
        if not held:
            return
        try:
            self._emit(held)
            self._fault = ""
        except OutboxError as error:
            self.lost += len(held)
            self._fault = fault("outbox_write", str(error))
            _log.error("rounds of readings could not be kept", lost=self.lost)
