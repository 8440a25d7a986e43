"""When a zone is watched: a weekly schedule in local time, with public holidays. Pure.

A row's window belongs to the day on which it begins: Friday 22:00 to 06:00 ends on Saturday.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from edge_agent.fields import Strict
from edge_agent.holidays import Calendar, NoCalendar, UnknownYearError

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKED = frozenset(WEEK[:5])
DAY_MIN = 24 * 60
DEFAULT_ZONE = "Asia/Shanghai"


def _minutes(value: object) -> int:
    """Minutes after midnight of ``'22:00'``; ``'24:00'`` is the day's end."""
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


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


TimeOfDay = Annotated[
    int, BeforeValidator(_minutes), PlainSerializer(_clock, return_type=str, when_used="json")
]
"""Minutes after midnight."""
TimeZone = Annotated[str, AfterValidator(_zone)]


class ScheduleRow(Strict):
    """One window. ``holidays`` says what public holidays change:

    ``ignore``: nothing. ``except``: not on a holiday; a make-up workday counts as Monday to
    Friday, no longer as a weekend. ``only``: on holidays alone.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    days: list[Day] = Field(default=list(WEEK), min_length=1)
    from_: TimeOfDay = Field(alias="from")
    to: TimeOfDay = Field(title="Not after from: on the next day")
    holidays: Literal["ignore", "except", "only"] = "ignore"

    @model_validator(mode="after")
    def _some_time(self) -> "ScheduleRow":
        if self.from_ == self.to:
            raise ValueError("from and to at two times; a whole day is '00:00' to '24:00'")
        if self.from_ == DAY_MIN:
            raise ValueError("from before '24:00'; the next day begins at '00:00'")
        return self


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
        day = _begun_on(row, local)
        if day is None:
            return False, None
        try:
            return self._is_day(row, day), None
        except UnknownYearError as error:
            return WEEK[day.weekday()] in row.days, error.year

    def _is_day(self, row: ScheduleRow, day: date) -> bool:
        named = WEEK[day.weekday()] in row.days
        if row.holidays == "ignore":
            return named
        off = self.calendar.is_holiday(day)
        if row.holidays == "only":
            return named and off
        if self.calendar.is_worked(day):
            return not _WORKED.isdisjoint(row.days)
        return named and not off


def _begun_on(row: ScheduleRow, local: datetime) -> date | None:
    """The day whose window of ``row`` holds ``local``; None: it is outside."""
    minute = local.hour * 60 + local.minute
    if row.from_ < row.to:
        return local.date() if row.from_ <= minute < row.to else None
    if minute >= row.from_:
        return local.date()
    return local.date() - timedelta(days=1) if minute < row.to else None


def asks_for_holidays(schedules: Sequence[Schedule]) -> bool:
    """Whether any row needs the holiday calendar."""
    return any(row.holidays != "ignore" for schedule in schedules for row in schedule)
