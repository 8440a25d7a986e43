"""Weekly windows in local time, with public holidays. Pure.

A window belongs to the day on which it begins: Friday 22:00 to 06:00 ends on Saturday.
"""

from datetime import date, datetime, timedelta
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from linli_settings.holidays import Calendar
from linli_settings.strict import Strict
from linli_settings.times import DAY_MIN, TimeOfDay

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WORKED = frozenset(WEEK[:5])


class Window(Strict):
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
    def _some_time(self) -> Self:
        if self.from_ == self.to:
            raise ValueError("from and to at two times; a whole day is '00:00' to '24:00'")
        if self.from_ == DAY_MIN:
            raise ValueError("from before '24:00'; the next day begins at '00:00'")
        return self

    @property
    def asks_for_holidays(self) -> bool:
        """Whether it needs the holiday calendar."""
        return self.holidays != "ignore"

    def covers(self, local: datetime, calendar: Calendar) -> bool:
        """Whether it holds ``local``.

        Raises:
            UnknownYearError: it asks for holidays of a year that ``calendar`` does not hold.
        """
        day = self._begun_on(local)
        return day is not None and self._is_on(day, calendar)

    def covers_by_weekday(self, local: datetime) -> bool:
        """Whether it holds ``local`` if no day is a holiday or a make-up workday."""
        day = self._begun_on(local)
        return day is not None and self._names(day)

    def _begun_on(self, local: datetime) -> date | None:
        """The day whose window holds ``local``; None: it is outside."""
        minute = local.hour * 60 + local.minute
        if self.from_ < self.to:
            return local.date() if self.from_ <= minute < self.to else None
        if minute >= self.from_:
            return local.date()
        return local.date() - timedelta(days=1) if minute < self.to else None

    def _is_on(self, day: date, calendar: Calendar) -> bool:
        if not self.asks_for_holidays:
            return self._names(day)
        off = calendar.is_holiday(day)
        if self.holidays == "only":
            return self._names(day) and off
        if calendar.is_makeup(day):
            return not _WORKED.isdisjoint(self.days)
        return self._names(day) and not off

    def _names(self, day: date) -> bool:
        return WEEK[day.weekday()] in self.days
