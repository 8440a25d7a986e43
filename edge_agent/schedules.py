"""When a zone is watched: a weekly schedule in local time, with public holidays. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import field_serializer

from edge_agent.holidays import NoCalendar
from linli_settings.holidays import Calendar, UnknownYearError
from linli_settings.times import DEFAULT_ZONE, format_time
from linli_settings.windows import Window


class ScheduleRow(Window):
    """A window as the device's configuration has it: what is reported can be read back."""

    @field_serializer("from_", "to", when_used="json")
    def _written(self, minutes: int) -> str:
        return format_time(minutes)


Schedule = tuple[ScheduleRow, ...]
"""Watched in any of the rows; without rows, always."""


@dataclass(frozen=True)
class Duty:
    """Local time and holidays of a device, by which schedules are read."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(DEFAULT_ZONE))
    calendar: Calendar = field(default_factory=NoCalendar)

    def is_on(self, schedule: Schedule, now: datetime) -> tuple[bool, int | None]:
        """Whether ``schedule`` watches at ``now``, and the year whose holidays it misses.

        In a year that the calendar does not hold nobody knows which days are off. The rows that
        ask for them then watch by their weekdays alone: a watch too many, never one too few. The
        year is for the device's fault.
        """
        if not schedule:
            return True, None
        local = now.astimezone(self.zone)
        answers = [self._row(row, local) for row in schedule]
        unknown = next((year for _, year in answers if year is not None), None)
        return any(on for on, _ in answers), unknown

    def _row(self, row: ScheduleRow, local: datetime) -> tuple[bool, int | None]:
        try:
            return row.covers(local, self.calendar), None
        except UnknownYearError as error:
            return row.covers_by_weekday(local), error.year


def asks_for_holidays(schedules: Sequence[Schedule]) -> bool:
    """Whether any row needs the holiday calendar."""
    return any(row.asks_for_holidays for schedule in schedules for row in schedule)
