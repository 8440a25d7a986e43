"""Schedules, holidays and scopes of rules, in virtual time."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.alerting.holidays import PackagedCalendar, load_calendar, parse_holidays
from hub_server.alerting.inputs import Site
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.schedule import Duty, Schedule
from hub_server.alerting.scope import Scope, key_of
from hub_server.alerting.spec import Pack
from linli_settings import ConfigError, parse
from linli_settings.holidays import UnknownYearError
from tests.support.hub import GRID, RULES

SHANGHAI = ZoneInfo("Asia/Shanghai")
TABLE = parse_holidays(
    "years: [{year: 2026, source: a notice, holidays: [{first: 2026-10-01, last: 2026-10-07}],"
    " workdays: [2026-10-10]}]"
)


YEAR = "years: [{{year: 2999, source: a notice, holidays: [{{first: {}-01-01}}]}}]"


def duty(*windows: dict[str, object], zone: str = "Asia/Shanghai") -> Duty:
    return Duty(Schedule.model_validate({"windows": windows, "time_zone": zone}), TABLE)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


WORK = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-11-20 08:59:59", False),
        ("2026-11-20 09:00", True),
        ("2026-11-20 16:59:59", True),
        ("2026-11-20 17:00", False),
        ("2026-11-21 12:00", False),  # a Saturday
        ("2026-10-01 12:00", False),  # a Thursday off
        ("2026-10-10 12:00", True),  # a Saturday worked
    ],
)
def test_working_hours(at: str, on: bool) -> None:
    assert duty({**WORK, "holidays": "except"}).is_on(local(at)) is on


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-11-20 21:59", False),
        ("2026-11-20 22:00", True),
        ("2026-11-21 05:59", True),
        ("2026-11-21 06:00", False),
        ("2026-11-21 22:00", False),
        ("2026-11-20 02:00", False),  # Thursday's night, which is not among the days
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(at: str, on: bool) -> None:
    assert duty({"days": ["fri"], "from": "22:00", "to": "06:00"}).is_on(local(at)) is on


def test_a_year_that_nobody_knows_goes_by_weekdays_and_is_said() -> None:
    only = duty({**WORK, "holidays": "except"})
    assert only.is_on(local("2031-10-01 12:00"))  # a Wednesday
    assert only.unknown_year(local("2031-10-01 12:00")) == 2031
    assert only.unknown_year(local("2026-10-01 12:00")) is None
    assert duty(WORK).unknown_year(local("2031-10-01 12:00")) is None


_TIMES = st.integers(0, 23).map(lambda hour: f"{hour:02}:30")


@given(st.integers(0, 364 * 24 * 60), _TIMES, _TIMES)
def test_nothing_changes_before_the_next_boundary(minute: int, begin: str, end: str) -> None:
    if begin == end:
        return
    row = {"days": ["mon", "sat"], "from": begin, "to": end, "holidays": "except"}
    for zone in ("Asia/Shanghai", "Europe/Berlin"):  # one of them changes its clocks
        watch = duty(row, zone=zone)
        moment = local("2026-01-01 00:00") + timedelta(minutes=minute)
        change = watch.next_change(moment)
        assert moment < change <= moment + timedelta(hours=26)
        step = (change - moment) / 7
        states = {watch.is_on(moment + step * n) for n in range(7)}
        assert states == {watch.is_on(moment)}


def test_the_packaged_table_knows_make_up_workdays_and_its_limits() -> None:
    packaged = PackagedCalendar()
    assert packaged.is_holiday(date(2025, 10, 1))
    assert packaged.is_makeup(date(2025, 10, 11))
    assert not packaged.is_holiday(date(2025, 10, 18))  # a plain Saturday
    with pytest.raises(UnknownYearError, match="2999"):
        packaged.is_holiday(date(2999, 1, 1))


def test_the_table_of_devices_serves_the_hub_too() -> None:
    file = RULES.parent / "firmware_configs" / "holidays" / "china.yaml"
    ours, packaged = parse_holidays(file.read_text("utf-8"), file), PackagedCalendar()
    for year in ours.years:
        for day in (*year.off, *year.workdays):
            assert packaged.is_holiday(day) == (day in year.off), day


def test_the_countys_own_table_wins(tmp_path: Path) -> None:
    assert isinstance(load_calendar(tmp_path), PackagedCalendar)
    file = tmp_path / "holidays.yaml"
    file.write_text(YEAR.format("2999"))
    assert load_calendar(tmp_path).is_holiday(date(2999, 1, 1))
    file.write_text(YEAR.format("2998"))
    with pytest.raises(ConfigError, match="days of 2999 only"):
        load_calendar(tmp_path)


SITE = Site("330899", "pi-1", "gate", GRID, 29.0, 119.0, "门", "gate", community=GRID[:12])


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("zone", "pi-1/gate/yard"),
        ("source", "pi-1/gate"),
        ("device", "pi-1"),
        ("grid", GRID),
        ("community", GRID[:12]),
        ("county", "330899"),
    ],
)
def test_a_scope_says_what_counts_together(scope: str, key: str) -> None:
    assert key_of(Scope(scope), SITE, "yard") == key


RULE = """\
pack: mine
version: 2026-01-01
rules:
  - name: one
    type: waterlogging
    colour: red
    when: {when}
    scope: {scope}
    group: {{by: [type, grid]}}
    reason: {{zh: "x", en: "x"}}
    source: "a test"
    {more}
"""
DEEP = "{type: threshold, metric: water_depth, above: 5}"
FIVE, NINE = "{colour: blue, above: 5}", "{colour: red, above: 9}"
LOITER = "{type: observation, event: loitering}"


@pytest.mark.parametrize(
    ("when", "scope", "more", "said"),
    [
        (DEEP, "grid", "", "a scope that threshold can be kept by: source"),
        ("{type: no_data, of: heartbeat, after: 90s}", "source", "", "kept by: device"),
        (f"{{type: all, of: {{a: {DEEP}, b: {LOITER}}}}}", "zone", "", "kept by: source, device"),
        (f"{{type: any, of: {{a: {DEEP}}}}}", "grid", "", "at least 2 items"),
        (f"{{type: all, of: {{A: {DEEP}, b: {LOITER}}}}}", "grid", "", "pattern"),
        (
            "{type: distinct, events: [crowd], of: grid, at_least: 2, window: 5min}",
            "grid",
            "",
            "kept by: community, town, county",
        ),
        (
            "{type: rate, metric: water_depth, rising: 5 mm/min, window: 5min}",
            "source",
            "",
            "write '5 cm/min'",
        ),
        ("{type: rate, metric: co, rising: 5, window: 5min}", "source", "", "such as '5 cm/min'"),
        ("{type: rate, metric: co, window: 5min}", "source", "", "rising, falling or both"),
        (
            "{type: rate, metric: co, rising: 5 ppm/min, clear: 6 ppm/min, window: 5min}",
            "source",
            "",
            "clear slower",
        ),
        (
            f"{{type: levels, metric: co, levels: [{NINE}, {FIVE}]}}",
            "source",
            "",
            "from blue to red",
        ),
        (
            "{type: levels, levels: [{colour: blue, above: 5}, {colour: red, above: 9}]}",
            "source",
            "",
            "a metric, for all levels or in each",
        ),
        (
            f"{{type: levels, metric: co, levels: [{FIVE}, {NINE}]}}",
            "source",
            "",
            "a colour, either of the rule or of its levels",
        ),
        (DEEP, "source", "schedule: {windows: [{from: 22:00, to: 06:00}]}", "in quotes"),
        (DEEP, "source", 'schedule: {windows: [{from: "9:00", to: "10:00"}]}', "in quotes"),
        (DEEP, "source", 'schedule: {windows: [{from: "09:00", to: "09:00"}]}', "two times"),
        (
            DEEP,
            "source",
            'schedule: {time_zone: Mars, windows: [{from: "09:00", to: "10:00"}]}',
            "a time zone",
        ),
        (DEEP, "source", "repeat: 5s", "at least 1min"),
        (DEEP, "source", "inhibited_by: [{same: source}]", "either type or rule"),
        (DEEP, "source", "labels: {Team: x}", "pattern"),
        (DEEP, "source", "lables: {team: x}", "did you mean 'labels'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_fix(when: str, scope: str, more: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(RULE.format(when=when, scope=scope, more=more), Pack)
    assert said in str(caught.value)


def compiled(more: str = "", when: str = DEEP) -> Rules:
    text = RULE.format(when=when, scope="source", more=more)
    return Rules(tuple(compile_pack(parse(text, Pack), "v")))


def mark(rules: Rules) -> str:
    return rules.rules[0].fingerprint


def test_a_fingerprint_is_of_what_decides_the_state_not_of_words() -> None:
    same = mark(compiled())
    assert mark(compiled("labels: {team: water}")) == same
    assert mark(compiled("inhibited_by: [{rule: other}]")) == same
    assert mark(compiled("at_once: true")) != same
    assert mark(compiled("repeat: 1h")) != same
    assert mark(compiled('schedule: {windows: [{from: "09:00", to: "10:00"}]}')) != same
    assert mark(compiled(when=DEEP.replace("5", "6"))) != same


def test_a_schedules_fingerprint_is_that_of_earlier_versions() -> None:
    """Else the timers of every rule with a schedule would start anew with the new program."""
    row = '{days: [fri], from: "22:00", to: "06:00", holidays: except}'
    scheduled = compiled(f"schedule: {{windows: [{row}], time_zone: Europe/Berlin}}")
    assert mark(scheduled) == "017ed731ad0da07c"


def test_rules_are_found_by_what_they_look_at() -> None:
    rules = compiled()
    assert rules.looking_at(("measurement", "water_depth")) == rules.rules
    assert rules.looking_at(("measurement", "co")) == ()
    assert rules.looking_at(("observation", "crowd")) == ()
    rules.set_aside(rules.rules[0], ValueError("x"))
    assert rules.looking_at(("measurement", "water_depth")) == ()
