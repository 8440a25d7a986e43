"""The hub's holidays: a file of the county, else the table that the package ``chinesecalendar``
ships. A year that neither holds is unknown, never guessed.
"""

from datetime import date
from pathlib import Path

import chinese_calendar

from linli_settings import load, parse
from linli_settings.holidays import Calendar, HolidayTable, UnknownYearError

FILE = "holidays.yaml"
_SATURDAY = 5


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
