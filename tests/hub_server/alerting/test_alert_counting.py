"""The condition over alerts: what counts, what differs, what the reason names."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub_server.alerting.conditions.alerts import MOST_NAMED
from hub_server.alerting.engine import Limits
from hub_server.alerting.rule_cases import Case
from hub_server.alerting.rule_play import Play
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.second import alert_inputs, nameless
from hub_server.alerting.spec import Pack
from hub_server.alerting.types import Alert, Reason
from linli_contract.event_types import Colour
from linli_settings import parse

START = datetime(2026, 1, 1, tzinfo=UTC)
GAS = """
  - name: gas
    type: gas_leak
    when:
      type: levels
      metric: gas_lel
      levels: [{colour: orange, at_least: 10, clear: 8}, {colour: red, at_least: 25, clear: 20}]
    scope: source
    group: {by: [type, source]}
    at_once: true
    repeat: 60s
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
"""
OVER = """
  - name: over
    type: gas_leak
    colour: red
    when: WHEN
    scope: SCOPE
    group: {by: [type, SCOPE]}
    at_once: true
    reason: {zh: "{places}", en: "{count}: {places}"}
    source: "a test"
"""


def told(when: str, *readings: tuple[float, str, float], scope: str = "county") -> list[str]:
    """The reasons of the rule over alerts; readings are (second, grid, value)."""
    pack = f"pack: p\nversion: 2026-11-22\nrules:{GAS}"
    pack += OVER.replace("WHEN", "{type: alerts, " + when + "}").replace("SCOPE", scope)
    rules = Rules(tuple(compile_pack(parse(pack, Pack, Path("p.yaml")), "v")))
    rows = [
        {"at": f"{at}s", "grid": grid, "device": f"pi-{grid}", "source": "g"}
        | {"metric": "gas_lel", "value": value}
        for at, grid, value in readings
    ]
    case = Case.model_validate({"name": "a test", "readings": rows, "until": "300s"})
    alerts = Play(case, rules, Limits()).run().alerts
    assert not rules.broken
    return [alert.reason.en for alert in alerts if alert.rule == "over"]


A, B, C = "330899001001001", "330899001002001", "330899002001001"
TWO = "types: [gas_leak], distinct: community, at_least: 2, window: 100s"


def test_repetitions_and_levels_that_ease_are_nothing_new() -> None:
    every = "rules: [gas], at_least: 3, window: 200s"
    rises_and_eases = [(0, A, 12), (10, A, 30), (20, A, 15)]
    assert told(every, *rises_and_eases) == []
    assert told(every, *rises_and_eases, (30, A, 30)) == ["3: 330899001001"]


def test_only_the_colours_that_are_asked_for_count() -> None:
    red = f"{TWO}, colours: [red]"
    assert told(red, (0, A, 12), (10, B, 30)) == []
    assert told(red, (0, A, 26), (10, B, 30)) == ["2: 330899001001, 330899001002"]


@pytest.mark.parametrize(
    ("distinct", "grids", "fires"),
    [
        ("community", [A, "330899001001002"], False),
        ("grid", [A, "330899001001002"], True),
        ("device", [A, B], True),
        ("town", [A, B], False),
        ("town", [A, C], True),
    ],
)
def test_what_differs_counts(distinct: str, grids: list[str], fires: bool) -> None:
    when = TWO.replace("community", distinct)
    readings = [(10.0 * n, grid, 12.0) for n, grid in enumerate(grids)]
    assert bool(told(when, *readings)) == fires


def test_a_rule_of_a_town_counts_each_town_alone() -> None:
    assert told(TWO, (0, A, 12), (10, C, 12), scope="town") == []
    found = told(TWO, (0, A, 12), (10, C, 12), (20, B, 12), scope="town")
    assert found == ["2: 330899001001, 330899001002"]


def test_exactly_the_window_apart_is_too_far() -> None:
    assert told(TWO, (0, A, 12), (99, B, 12)) != []
    assert told(TWO, (0, A, 12), (100, B, 12)) == []


def test_a_reason_names_a_few_and_counts_the_others() -> None:
    many = [(float(n), f"330899001{n:03d}001", 12.0) for n in range(1, MOST_NAMED + 3)]
    when = TWO.replace("at_least: 2", f"at_least: {len(many)}")
    [found] = told(when, *many)
    assert found.startswith("10: 330899001001, ")
    assert found.endswith(", 330899001008 and 2 more")


def test_what_was_held_back_is_no_input() -> None:
    alert = Alert(
        id="a", rule="gas", rules_version="v", type="gas_leak", colour=Colour.RED, county="330899",
        device="pi-1", source="g", grid=A, lat=0.0, lon=0.0, time=START, fired_at=START,
        reason=Reason("", "", {}), group_key="g", late=True,
    )  # fmt: skip
    [item] = alert_inputs([alert], nameless)
    assert (item.event_id, item.aged, item.late) == ("a", True, False)
    assert item.received_at - item.time == timedelta(0)
