"""When a rule counts: weekly windows in local time, with public holidays. Pure.

A window belongs to the day on which it begins: Friday 22:00 to 06:00 ends on Saturday.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from hub_server.alerting.holidays import Calendar, UnknownYearError
from hub_server.alerting.when_fields import Strict

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKED = frozenset(WEEK[:5])
DAY_MIN = 24 * 60
DEFAULT_ZONE = "Asia/Shanghai"


def _minutes(value: object) -> int:
    expected = "a time of day in quotes, such as '22:00'"
    if not isinstance(value, str):  # YAML reads 22:00 without quotes as a number
        raise ValueError(expected)
    hours, _, minutes = value.partition(":")
    if not (len(hours) == len(minutes) == 2 and hours.isdecimal() and minutes.isdecimal()):
        raise ValueError(expected)
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > DAY_MIN:
        raise ValueError("a time of day from '00:00' to '24:00'")
    return total


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"a time zone such as {DEFAULT_ZONE}") from None
    return name


TimeOfDay = Annotated[int, BeforeValidator(_minutes)]
"""Minutes after midnight, written ``'22:00'``; ``'24:00'`` is the day's end."""


class Window(Strict):
    """One window. ``holidays`` says what public holidays change:

    ``ignore``: nothing. ``except``: not on a holiday; a make-up workday counts as Monday to
    Friday, no longer as a weekend. ``only``: on holidays alone.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    days: list[Day] = Field(default=list(WEEK), min_length=1)
    from_: Annotated[TimeOfDay, Field(alias="from")]
    to: TimeOfDay
    """Not after ``from``: on the next day."""
    holidays: Literal["ignore", "except", "only"] = "ignore"

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("from and to at two times; a whole day is '00:00' to '24:00'")
        if self.from_ == DAY_MIN:
            raise ValueError("from before '24:00'; the next day begins at '00:00'")
        return self


class Schedule(Strict):
    """The rule counts inside any of the windows."""

    windows: Annotated[list[Window], Field(min_length=1, max_length=20)]
    time_zone: Annotated[str, AfterValidator(_zone)] = DEFAULT_ZONE

    @property
    def asks_for_holidays(self) -> bool:
        return any(window.holidays != "ignore" for window in self.windows)


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
        day = _begun_on(window, local)
        if day is None:
            return False
        try:
            return self._is_day(window, day)
        except UnknownYearError:
            return WEEK[day.weekday()] in window.days

    def _is_day(self, window: Window, day: date) -> bool:
        named = WEEK[day.weekday()] in window.days
        if window.holidays == "ignore":
            return named
        off = self.calendar.is_holiday(day)
        if window.holidays == "only":
            return named and off
        if self.calendar.is_makeup(day):
            return not _WORKED.isdisjoint(window.days)
        return named and not off


def _begun_on(window: Window, local: datetime) -> date | None:
    """The day whose window holds ``local``; None: it is outside."""
    minute = local.hour * 60 + local.minute
    if window.from_ < window.to:
        return local.date() if window.from_ <= minute < window.to else None
    if minute >= window.from_:
        return local.date()
    return local.date() - timedelta(days=1) if minute < window.to else None


def _moment(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # 24:00 is the next day's 00:00, which every day has among its marks
    hour, minute = divmod(minutes % DAY_MIN, 60)
    return datetime.combine(day, time(hour, minute), zone)
