"""The words of reasons: short numbers, times as people say them, a level's own words."""

import pytest

from hub_server.alerting.rules import compile_pack
from hub_server.alerting.spec import Pack
from hub_server.alerting.text import fill, span
from linli_settings import ConfigError, parse


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0.0, "0 秒", "0 s"),
        (-1.0, "0 秒", "0 s"),
        (5.4, "5 秒", "5 s"),
        (90, "90 秒", "90 s"),
        (119.4, "119 秒", "119 s"),
        (120, "2 分钟", "2 min"),
        (300.2, "5 分钟", "5 min"),
        (7199, "120 分钟", "120 min"),
        (7200, "2 小时", "2 h"),
        (86_400, "24 小时", "24 h"),
    ],
)
def test_a_time_as_people_say_it(seconds: float, zh: str, en: str) -> None:
    assert (span(seconds, "zh"), span(seconds, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (10.0, "10"),
        (12.3456, "12.3"),
        (9.876, "9.88"),
        (0.0004, "0.0004"),
        (1234.0, "1234"),
        (1_234_567.89, "1234567.9"),
        (-12.34, "-12.3"),
        (0.0, "0"),
    ],
)
def test_a_number_is_short(value: float, shown: str) -> None:
    assert fill("{value}", {"value": value}, ()) == shown
    assert fill("{value:.2f}", {"value": value}, ()) == f"{value:.2f}"


PACK = """\
pack: mine
version: 2026-01-01
rules:
  - name: water
    type: waterlogging
    when:
      type: levels
      metric: water_depth
      levels:
        - {colour: blue, above: 5}
        - {colour: red, above: 25, reason: {zh: "深 {value}", en: "{value}"}}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{lasting}", en: "{limit}"}
    source: "a test"
"""


def test_a_levels_own_words_are_checked_as_the_rules_are() -> None:
    assert parse(PACK, Pack)
    with pytest.raises(ConfigError, match=r"one of the fields .*\{valeu\}"):
        parse(PACK.replace("深 {value}", "深 {valeu}"), Pack)


def test_words_may_change_while_timers_go_on() -> None:
    marks = {
        compile_pack(parse(text, Pack), "v")[0].fingerprint
        for text in (PACK, PACK.replace("深 {value}", "水深 {value}"))
    }
    assert len(marks) == 1
    deeper = compile_pack(parse(PACK.replace("above: 25", "above: 26"), Pack), "v")
    assert deeper[0].fingerprint not in marks
