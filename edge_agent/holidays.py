"""The holiday file of a device."""

from datetime import date
from pathlib import Path

from linli_settings import load
from linli_settings.holidays import HolidayTable, UnknownYearError


class NoCalendar:
    """For devices without a file: every year is unknown."""

    def is_holiday(self, day: date) -> bool:
        raise UnknownYearError(day.year)

    def is_makeup(self, day: date) -> bool:
        raise UnknownYearError(day.year)


def load_holidays(file: Path) -> HolidayTable:
    """The table in ``file``.

    Raises:
        ConfigError: it cannot be read, or a day in it makes no sense.
    """
    return load(file, HolidayTable)
