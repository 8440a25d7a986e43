"""Public holidays and make-up workdays (调休): from a file of the county, else from the table that
the package ``chinesecalendar`` ships. A year that neither holds is unknown, never guessed.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Protocol, Self

import chinese_calendar
from pydantic import Field, model_validator

from hub_server.alerting.when_fields import Strict
from linli_settings import load, parse

FILE = "holidays.yaml"
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
    """Days off in a row, both ends included; without ``last`` one day."""

    name: str = ""
    first: date
    last: date | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"a last day not before {self.first}")
        return self

    @property
    def days(self) -> list[date]:
        count = ((self.last or self.first) - self.first).days + 1
        return [self.first + timedelta(days=n) for n in range(count)]


class HolidayYear(Strict):
    """One year, as its notice says."""

    year: Annotated[int, Field(ge=2000, le=2999)]
    source: str = Field(min_length=3)
    """The notice it was copied from."""
    holidays: Annotated[list[Holiday], Field(min_length=1)]
    workdays: list[date] = Field(default_factory=list)
    """Saturdays and Sundays that are worked."""

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
        return [day for row in self.holidays for day in row.days]


class HolidayTable(Strict):
    """``holidays.yaml``, in the form that devices read too; fulfils :class:`Calendar`."""

    years: Annotated[list[HolidayYear], Field(min_length=1)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        years = [row.year for row in self.years]
        if len(set(years)) != len(years):
            raise ValueError("each year once")
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


class PackagedCalendar:
    """The notices of the State Council as ``chinesecalendar`` has them; re-released each year."""

    def is_holiday(self, day: date) -> bool:
        off, name = self._detail(day)
        return off and name is not None

    def is_makeup(self, day: date) -> bool:
        off, _ = self._detail(day)
        return not off and day.weekday() >= _SATURDAY

    def _detail(self, day: date) -> tuple[bool, str | None]:
        try:
            off, name = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            raise UnknownYearError(day.year) from None
        return bool(off), name


def parse_holidays(text: str, file: Path | str = FILE) -> HolidayTable:
    """The table of ``text``.

    Raises:
        ConfigError: a day in it makes no sense.
    """
    return parse(text, HolidayTable, file)


def load_calendar(folder: Path) -> Calendar:
    """The county's own table where the folder of rules has one, else the packaged one.

    Raises:
        ConfigError: the file cannot be read, or a day in it makes no sense.
    """
    file = folder / FILE
    return load(file, HolidayTable) if file.exists() else PackagedCalendar()
