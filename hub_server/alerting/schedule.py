"""When a rule counts: weekly windows in local time, with public holidays. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from linli_settings.holidays import Calendar, UnknownYearError
from linli_settings.strict import Strict
from linli_settings.times import DAY_MIN, DEFAULT_ZONE, TimeZone
from linli_settings.windows import Window


class Schedule(Strict):
    """The rule counts inside any of the windows."""

    windows: Annotated[list[Window], Field(min_length=1, max_length=20)]
    time_zone: TimeZone = DEFAULT_ZONE

    @property
    def asks_for_holidays(self) -> bool:
        return any(window.asks_for_holidays for window in self.windows)


@dataclass(frozen=True)
class Duty:
    """A schedule with the calendar it is read by."""

    schedule: Schedule
    calendar: Calendar

    def is_on(self, at: datetime) -> bool:
        """Whether the rule counts at ``at``.

        In a year that the calendar does not hold, windows that ask for holidays go by their
        weekdays alone: a watch too many, never one too few (:meth:`unknown_year` says so).
        """
        local = at.astimezone(ZoneInfo(self.schedule.time_zone))
        return any(self._covers(window, local) for window in self.schedule.windows)

    def unknown_year(self, at: datetime) -> int | None:
        """The year of ``at`` when its holidays matter and are not known."""
        day = at.astimezone(ZoneInfo(self.schedule.time_zone)).date()
        if not self.schedule.asks_for_holidays:
            return None
        try:
            self.calendar.is_holiday(day)
        except UnknownYearError as error:
            return error.year
        return None

    def next_change(self, at: datetime) -> datetime:
        """The next moment after ``at`` at which a window may begin or end."""
        zone = ZoneInfo(self.schedule.time_zone)
        day = at.astimezone(zone).date()
        marks = [
            _moment(day + timedelta(days=n), minutes, zone)
            for n in (0, 1)
            for window in self.schedule.windows
            for minutes in (window.from_, window.to, 0)
        ]
        return min(mark for mark in marks if mark > at)

    def _covers(self, window: Window, local: datetime) -> bool:
        try:
            return window.covers(local, self.calendar)
        except UnknownYearError:
            return window.covers_by_weekday(local)


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # 24:00 is the next day's 00:00, which every day has among its marks
    hour, minute = divmod(minutes % DAY_MIN, 60)
    return datetime.combine(day, time(hour, minute), zone)
