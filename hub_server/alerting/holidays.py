"""Public holidays and make-up workdays (调休): from a file of the county, else from the table that
the package ``chinesecalendar`` ships. A year that neither holds is unknown, never guessed.
"""

from collections.abc import Mapping
from datetime import date
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

    def is_worked(self, day: date) -> bool:
        """Whether it is a make-up workday. Raises UnknownYearError."""


class HolidayYear(Strict):
    """One year, as its notice says."""

    source: str = Field(min_length=3)
    """The notice it was copied from."""
    off: Annotated[list[date], Field(min_length=1)]
    worked: list[date] = Field(default_factory=list)
    """Saturdays and Sundays that are worked."""

    @model_validator(mode="after")
    def _sense(self) -> Self:
        for day in self.worked:
            if day.weekday() < _SATURDAY:
                raise ValueError(f"make-up workdays on a Saturday or Sunday; {day} is neither")
            if day in self.off:
                raise ValueError(f"a day either off or worked; {day} is both")
        return self


class HolidayTable(Strict):
    """``holidays.yaml``; fulfils :class:`Calendar`."""

    years: Mapping[int, HolidayYear]

    @model_validator(mode="after")
    def _in_their_year(self) -> Self:
        for year, row in self.years.items():
            for day in (*row.off, *row.worked):
                if day.year != year:
                    raise ValueError(f"days of {year} only; {day} is not")
        return self

    def is_holiday(self, day: date) -> bool:
        return day in self._year(day).off

    def is_worked(self, day: date) -> bool:
        return day in self._year(day).worked

    def _year(self, day: date) -> HolidayYear:
        found = self.years.get(day.year)
        if found is None:
            raise UnknownYearError(day.year)
        return found


class PackagedCalendar:
    """The notices of the State Council as ``chinesecalendar`` has them; re-released each year."""

    def is_holiday(self, day: date) -> bool:
        off, name = self._detail(day)
        return off and name is not None

    def is_worked(self, day: date) -> bool:
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
