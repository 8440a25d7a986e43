"""Armed and disarmed: a behaviour sees only the frames that it is on duty for."""

from collections.abc import Sequence
from datetime import datetime

from edge_agent.behaviours.base import Watcher
from edge_agent.schedules import Duty, Schedule
from edge_agent.types import Track
from linli_contract.payloads import Observation

DISARMED = "disarmed"
"""Why an observation ended whose watch ended first."""


class Guard:
    """A watcher on duty while it is armed and its schedule says so.

    Off duty it has no state: a dwell begins when the watch begins. What was open when the watch
    ended, ends with the cause ``disarmed`` at the next frame.

    Args:
        watcher: what it does on duty.
        zone: name of its zone or line.
        schedule: without rows, always.
        duty: local time and holidays.
        armed: at the start.
    """

    def __init__(
        self, watcher: Watcher, zone: str, schedule: Schedule, duty: Duty, armed: bool
    ) -> None:
        self._watcher = watcher
        self._schedule = schedule
        self._duty = duty
        self._on = False
        self.zone = zone
        self.armed = armed
        """May be set from any thread."""
        self.unknown_year: int | None = None
        """The year of the last frame, where its holidays are asked for and not known."""

    @property
    def event_type(self) -> str:
        return self._watcher.event_type

    @property
    def on_duty(self) -> bool:
        """Whether it watched the last frame."""
        return self._on

    def step(self, tracks: Sequence[Track], now: datetime) -> list[Observation]:
        scheduled, self.unknown_year = self._duty.is_on(self._schedule, now)
        was_on, self._on = self._on, scheduled and self.armed
        if self._on:
            return self._watcher.step(tracks, now)
        return self._watcher.close(now, DISARMED) if was_on else []

    def close(self, now: datetime, cause: str) -> list[Observation]:
        return self._watcher.close(now, cause)


def set_armed(guards: Sequence[Guard], zone: str, behaviour: str, armed: bool) -> bool:
    """Arm or disarm a behaviour of a zone or line; takes effect with the next frame.

    Returns:
        Whether there is such a behaviour.
    """
    meant = [one for one in guards if (one.zone, one.event_type) == (zone, behaviour)]
    for one in meant:
        one.armed = armed
    return bool(meant)


def unknown_years(guards: Sequence[Guard]) -> tuple[int, ...]:
    """Years whose holidays a schedule asks for and the calendar does not hold."""
    return tuple(sorted({one.unknown_year for one in guards if one.unknown_year is not None}))
