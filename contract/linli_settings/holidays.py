"""Public holidays and make-up workdays (调休), from a file that a person keeps.

The State Council publishes them once a year, for one year; nothing can compute them. A year that
the file does not hold is unknown, never guessed. Devices and the hub read the same form.
"""

from collections import Counter
from datetime import date, timedelta
from typing import Protocol, Self

from pydantic import Field, model_validator

from linli_settings.strict import Strict

_SATURDAY = 5


class UnknownYearError(LookupError):
    """Nobody has said yet which days of this year are off."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no holidays are known for {year}")
        self.year = year


class Calendar(Protocol):
    """Which days are public holidays, which weekends are worked."""

    def is_holiday(self, day: date) -> bool:
        """Raises UnknownYearError."""

    def is_makeup(self, day: date) -> bool:
        """Whether it is a make-up workday. Raises UnknownYearError."""


class Holiday(Strict):
    """Days off in a row, both ends included."""

    name: str = ""
    first: date
    last: date | None = Field(default=None, title="Left out: one day")

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"a last day not before {self.first}")
        return self

    @property
    def days(self) -> list[date]:
        """Every day off."""
        count = ((self.last or self.first) - self.first).days + 1
        return [self.first + timedelta(days=n) for n in range(count)]


class HolidayYear(Strict):
    """One year's arrangement, as its notice says."""

    year: int = Field(ge=2000, le=2999)
    source: str = Field(min_length=1, title="The notice it was copied from")
    holidays: list[Holiday] = Field(min_length=1)
    workdays: list[date] = Field(default=[], title="Saturdays and Sundays that are worked")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        for day in self.workdays:
            if day.weekday() < _SATURDAY:
                raise ValueError(f"make-up workdays on a Saturday or Sunday; {day} is neither")
            if day in self.off:
                raise ValueError(f"a day either off or worked; {day} is both")
        for day in (*self.off, *self.workdays):
            if day.year != self.year:
                raise ValueError(f"days of {self.year} only; {day} is not")
        return self

    @property
    def off(self) -> list[date]:
        """Every day off of the year."""
        return [day for row in self.holidays for day in row.days]


class HolidayTable(Strict):
    """The file; fulfils :class:`Calendar`."""

    years: list[HolidayYear] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> Self:
        counts = Counter(row.year for row in self.years)
        twice = [str(year) for year, count in counts.items() if count > 1]
        if twice:
            raise ValueError(f"each year once; more than once: {', '.join(twice)}")
        return self

    def is_holiday(self, day: date) -> bool:
        return day in self._year(day).off

    def is_makeup(self, day: date) -> bool:
        return day in self._year(day).workdays

    def _year(self, day: date) -> HolidayYear:
        for row in self.years:
            if row.year == day.year:
                return row
        raise UnknownYearError(day.year)
