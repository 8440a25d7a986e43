"""Working time in China: which days are worked, and when a limit counted in it runs out. Pure.

The State Council arranges holidays and make-up workdays (调休) a year at a time, so they are a
table: the one that schedules of rules go by too (:mod:`linli_settings.holidays`). A year
without one is unknown, never guessed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Protocol

from pydantic import AfterValidator, BeforeValidator

from hub_server.alerting.holidays import PackagedCalendar
from linli_settings import holidays

CHINA = timezone(timedelta(hours=8))
"""China has one zone and no summer time."""
_SATURDAY = 5


class Calendar(Protocol):
    """Which days are worked."""

    def is_worked(self, day: date) -> bool:
        """Raises UnknownYearError."""


@dataclass(frozen=True)
class Workdays:
    """Monday to Friday but for public holidays, and the weekends that are worked instead."""

    days: holidays.Calendar = field(default_factory=PackagedCalendar)
    """The county's table, or the one of the package ``chinesecalendar``."""

    def is_worked(self, day: date) -> bool:
        if self.days.is_holiday(day):
            return False
        return day.weekday() < _SATURDAY or self.days.is_makeup(day)


Span = tuple[time, time]


def _time(value: object) -> time:
    expected = "a time of day in quotes, such as '08:30'"
    if isinstance(value, time):
        return value
    if not isinstance(value, str):  # YAML reads 08:30 without quotes as a number
        raise ValueError(expected)
    try:
        return time.fromisoformat(value)
    except ValueError:
        raise ValueError(expected) from None


def _in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    edges = [edge for span in spans for edge in span]
    if not edges or edges != sorted(set(edges)):
        raise ValueError("spans of one day that follow each other, each with a start and an end")
    return spans


_Edge = Annotated[time, BeforeValidator(_time)]
WorkingHours = Annotated[tuple[tuple[_Edge, _Edge], ...], AfterValidator(_in_order)]
"""Of one worked day, local time: ``[["08:30", "12:00"], ["14:00", "17:30"]]``."""


def after_hours(
    start: datetime, hours: float, spans: Sequence[Span], calendar: Calendar
) -> datetime:
    """``start`` plus so many working hours.

    Raises:
        UnknownYearError: the calendar does not hold a year on the way.
    """
    left = timedelta(hours=hours)
    for begin, end in _worked_spans(start, spans, calendar):
        if left <= end - begin:
            return (begin + left).astimezone(start.tzinfo)
        left -= end - begin
    raise AssertionError("there is always another day")


def after_days(start: datetime, days: int, spans: Sequence[Span], calendar: Calendar) -> datetime:
    """The close of business of the so many-th worked day after the day of ``start``, which does
    not count (Civil Code, articles 201 and 203).

    Raises:
        UnknownYearError: the calendar does not hold a year on the way.
    """
    day = start.astimezone(CHINA).date()
    while days:
        day += timedelta(days=1)
        days -= calendar.is_worked(day)
    return _at(day, spans[-1][1]).astimezone(start.tzinfo)


def _worked_spans(
    start: datetime, spans: Sequence[Span], calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """What is left of each span of working time from ``start`` on."""
    day = start.astimezone(CHINA).date()
    while True:
        if calendar.is_worked(day):
            for first, last in spans:
                begin, end = max(start, _at(day, first)), _at(day, last)
                if begin < end:
                    yield begin, end
        day += timedelta(days=1)


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, CHINA)
