"""A wish is checked, merged and compared: as data."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.twin.limits import LIVE
from edge_agent.twin.merge import merge
from hub_server.devices.wish import LARGEST, check_wish, differences, lay_over
from linli_contract.twin import LIVE_KEYS
from linli_settings import ConfigError

ARMED = {"cameras": {"gate": {"zones": {"yard": {"behaviours": {"intrusion": {"armed": False}}}}}}}


def test_hub_and_device_mean_the_same_keys() -> None:
    assert LIVE_KEYS == LIVE


@pytest.mark.parametrize(
    "wish",
    [{}, ARMED, {"cameras": []}, {"cameras": None}, {"log": {"level": "debug"}}, {"sensors": {}}],
)
def test_what_may_be_sent(wish: dict[str, object]) -> None:
    assert check_wish(wish, "desired") == wish


@pytest.mark.parametrize(
    ("wish", "field", "expected"),
    [
        ([], "config", "an object"),
        ({"broker": {"host": "x"}}, "broker", "one of cameras"),
        ({"cameras": "gate"}, "cameras", "a list, or an object"),
        ({"log": ["debug"]}, "log", "an object"),
        ({"cameras": {"a b": {}}}, "cameras.a b", "a name of"),
        ({"cameras": {"gate": 3}}, "cameras.gate", "an object, or null"),
        ({"cameras": ["gate"]}, "cameras[0]", "an object with name"),
        ({"cameras": {"g": {"zones": {"z": {"behaviours": ["x"]}}}}}, "behaviours[0]", "with type"),
        ({"cameras": {"g": {"source": {"password": "hunter2"}}}}, "source.password", "a reference"),
        ({"cameras": {"g": {"source": {"url": "rtsp://u:p@h/1"}}}}, "source.url", "an address"),
        ({"cameras": {"g": {"zones": {"z": {"armed": "no"}}}}}, "z.armed", "true or false"),
        ({"health": {"interval": math.nan}}, "health.interval", "a number"),
        ({"health": {"since": date(2026, 10, 1)}}, "health.since", "text in quotes"),
        ({"health": {1: "x"}}, "health.1", "a name in quotes"),
        ({"health": {"x": "y" * LARGEST}}, "config", "at most"),
    ],
)
def test_what_may_not(wish: object, field: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_wish(wish, "desired")
    [problem] = caught.value.problems
    assert problem.field.endswith(field)
    assert problem.expected.startswith(expected) or expected in problem.expected
    assert "hunter2" not in str(caught.value)
    assert "u:p" not in str(caught.value)


def test_a_wish_without_end_is_refused() -> None:
    deep: dict[str, object] = {}
    for _ in range(30):
        deep = {"x": deep}
    with pytest.raises(ConfigError, match="levels"):
        check_wish({"health": deep}, "desired")


def test_arming_is_laid_over_a_list_given_whole() -> None:
    behaviours = [{"type": "intrusion", "dwell": "5s"}, {"type": "crowd"}]
    base = {"cameras": [{"name": "gate", "zones": [{"name": "yard", "behaviours": behaviours}]}]}
    laid = lay_over(base, ARMED)
    switched = [{"type": "intrusion", "dwell": "5s", "armed": False}, {"type": "crowd"}]
    assert laid == {
        "cameras": [{"name": "gate", "zones": [{"name": "yard", "behaviours": switched}]}]
    }


def test_what_a_person_took_away_stays_away() -> None:
    assert lay_over({"cameras": {"gate": None}}, ARMED) == {"cameras": {"gate": None}}
    assert lay_over({"cameras": [{"name": "door"}]}, ARMED) == {"cameras": [{"name": "door"}]}


_NAMES = st.sampled_from(["gate", "door", "yard"])
_WISHES = st.dictionaries(_NAMES, st.dictionaries(_NAMES, st.integers(0, 3), max_size=3))


@given(_WISHES, _WISHES)
def test_two_wishes_in_one_do_what_they_do_in_turn(
    first: dict[str, object], second: dict[str, object]
) -> None:
    file: dict[str, object] = {"gate": {"yard": 9}}
    assert merge(file, lay_over(first, second)) == merge(merge(file, first), second)


def test_what_differs_from_what_is_reported() -> None:
    reported = {
        "cameras": [
            {"name": "gate", "zones": [{"name": "yard", "behaviours": [{"type": "intrusion"}]}]}
        ],
        "log": {"level": "info"},
    }
    wish = {**ARMED, "log": {"level": "info"}}
    field = "cameras.gate.zones.yard.behaviours.intrusion.armed"
    assert differences(wish, reported) == [(field, False, None)]
    assert differences({"cameras": [{"name": "gate"}]}, reported) == []
    assert differences({"cameras": {"door": None}}, reported) == []
