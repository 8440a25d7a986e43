"""Limits in working time, by the calendar as it was arranged; and how a case stands."""

from datetime import date, datetime, timedelta

import pytest
from chinese_calendar import is_workday
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub_server.alerting.holidays import PackagedCalendar, parse_holidays
from hub_server.incidents.due import due_state
from hub_server.incidents.incident_types import OFFICE_HOURS, IncidentTypes, Limit, Unit
from hub_server.incidents.work_time import CHINA, Workdays
from linli_settings.holidays import UnknownYearError

CALENDAR = Workdays()


def at(text: str) -> datetime:
    """Local time in 2026, ``09-30 17:00``; or with a year."""
    return datetime.fromisoformat(text if len(text) > 11 else f"2026-{text}").replace(tzinfo=CHINA)


def due(value: float, unit: Unit, start: str) -> datetime:
    return Limit(value=value, unit=unit).due(at(start), OFFICE_HOURS, CALENDAR)


@pytest.mark.parametrize(
    ("hours", "start", "end"),
    [
        (2, "11-23 09:00", "11-23 11:00"),
        (4, "11-23 09:00", "11-23 15:00"),  # over noon
        (2, "11-23 12:30", "11-23 16:00"),  # begins at noon
        (1, "11-23 06:00", "11-23 09:30"),  # before the office opens
        (3.5, "11-23 08:30", "11-23 12:00"),  # exactly to the end of a span
        (7, "11-23 08:30", "11-23 17:30"),  # exactly a day
        (4, "11-20 17:00", "11-23 12:00"),  # Friday evening: half an hour, then Monday
        (4, "11-20 19:00", "11-23 14:30"),  # Friday after hours
        (4, "02-13 17:00", "02-14 12:00"),  # 14 February 2026, a Saturday, is worked (调休)
        (4, "02-14 16:00", "02-24 11:00"),  # then Spring Festival until 23 February
        (4, "09-30 17:00", "10-08 12:00"),  # National Day: 1 to 7 October
        (4, "10-09 17:00", "10-10 12:00"),  # and 10 October, a Saturday, is worked
        (0.5, "10-03 10:00", "10-08 09:00"),  # in the middle of a holiday
    ],
)
def test_working_hours(hours: float, start: str, end: str) -> None:
    assert due(hours, Unit.WORK_HOUR, start) == at(end)


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [
        (1, "11-23 09:00", "11-24 17:30"),  # the day of the start does not count
        (1, "11-20 17:00", "11-23 17:30"),  # Friday evening
        (1, "02-13 09:00", "02-14 17:30"),  # a worked Saturday counts
        (2, "09-29 09:00", "10-08 17:30"),  # National Day
        (1, "10-03 10:00", "10-08 17:30"),
        (5, "11-23 09:00", "11-30 17:30"),
    ],
)
def test_working_days(days: int, start: str, end: str) -> None:
    assert due(days, Unit.WORK_DAY, start) == at(end)


def test_by_the_clock() -> None:
    assert due(2, Unit.URGENT_HOUR, "09-30 23:00") == at("10-01 01:00")
    assert due(1, Unit.NATURAL_DAY, "09-30 23:00") == at("10-01 23:00")


def test_the_packaged_calendar_means_what_its_package_says() -> None:
    day = date(2024, 1, 1)
    while day.year < 2027:
        assert CALENDAR.is_worked(day) == is_workday(day), day
        day += timedelta(days=1)


OF_THE_COUNTY = """
years:
  - year: 2026
    source: the county's own notice
    holidays: [{first: 2026-11-20}]
    workdays: [2026-11-21]
"""


def test_where_the_county_has_a_table_it_counts() -> None:
    own = Workdays(parse_holidays(OF_THE_COUNTY))
    days = [date(2026, 11, number) for number in range(19, 24)]
    assert [own.is_worked(day) for day in days] == [True, False, True, False, True]
    assert [CALENDAR.is_worked(day) for day in days] == [True, True, False, False, True]
    with pytest.raises(UnknownYearError, match="2025"):
        own.is_worked(date(2025, 11, 20))
    assert Workdays(PackagedCalendar()).is_worked(date(2025, 11, 20))


@pytest.mark.parametrize("unit", [Unit.WORK_HOUR, Unit.WORK_DAY])
def test_a_year_without_a_table_is_never_guessed(unit: Unit) -> None:
    with pytest.raises(UnknownYearError, match="2100"):
        due(1, unit, "2100-01-04 09:00")


@pytest.mark.parametrize("unit", [Unit.WORK_HOUR, Unit.WORK_DAY])
def test_nor_is_one_that_a_limit_only_reaches(unit: Unit) -> None:
    class Until2026:
        def is_worked(self, day: date) -> bool:
            if day.year > 2026:
                raise UnknownYearError(day.year)
            return CALENDAR.is_worked(day)

    limit = Limit(value=1, unit=unit)
    assert limit.due(at("12-30 09:00"), OFFICE_HOURS, Until2026()) < at("2027-01-01 00:00")
    with pytest.raises(UnknownYearError, match="2027"):
        limit.due(at("12-31 17:00"), OFFICE_HOURS, Until2026())


@given(
    st.integers(0, 60 * 24 * 300).map(lambda m: at("01-01 00:00") + timedelta(minutes=m)),
    st.floats(0.1, 40),
    st.floats(0.1, 40),
)
def test_two_limits_in_turn_are_one(start: datetime, first: float, second: float) -> None:
    def after(begin: datetime, hours: float) -> datetime:
        return Limit(value=hours, unit=Unit.WORK_HOUR).due(begin, OFFICE_HOURS, CALENDAR)

    whole, parts = after(start, first + second), after(after(start, first), second)
    # at the very end of a span both its end and the next one's start are right
    assert abs(whole - parts) < timedelta(milliseconds=1) or _gap(whole, parts)


def _gap(one: datetime, other: datetime) -> bool:
    """Whether no working time lies between two moments."""
    early, late = sorted((one, other))
    minute = timedelta(minutes=1)
    moment = early + minute
    while moment < late:
        local = moment.astimezone(CHINA)
        worked = CALENDAR.is_worked(local.date())
        if worked and any(first < local.time() < last for first, last in OFFICE_HOURS):
            return False
        moment += minute
    return True


@pytest.mark.parametrize(
    "hours",
    [
        [],
        [["08:30", "08:30"]],
        [["12:00", "08:30"]],
        [["08:30", "12:00"], ["11:00", "17:30"]],
        [["half past eight", "12:00"]],
        [[830, 1200]],
    ],
)
def test_working_hours_that_make_no_sense(hours: object) -> None:
    with pytest.raises(ValidationError):
        IncidentTypes.model_validate({"types": {}, "working_hours": hours})


def test_half_a_working_day_is_refused() -> None:
    with pytest.raises(ValidationError, match="whole working days"):
        Limit(value=0.5, unit=Unit.WORK_DAY)


@pytest.mark.parametrize(
    ("limit_min", "left_min", "expected"),
    [
        (480, 61, "normal"),
        (480, 60, "due_soon"),
        (40, 11, "normal"),
        (40, 10, "due_soon"),
        (40, 1, "due_soon"),
        (40, 0, "overdue"),
        (40, -5, "overdue"),
    ],
)
def test_how_a_case_stands(limit_min: int, left_min: int, expected: str) -> None:
    opened, limit = at("11-23 09:00"), timedelta(minutes=limit_min)
    now = opened + limit - timedelta(minutes=left_min)
    assert due_state(opened, opened + limit, "", now) == expected


def test_without_a_limit_and_with_one_nobody_knows() -> None:
    opened = at("11-23 09:00")
    assert due_state(opened, None, "", opened) is None
    assert due_state(opened, None, "no holidays are known for 2027", opened) == "unknown"
