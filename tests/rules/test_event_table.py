"""The table of event types in ``../shared/domain.md``: each row has a name, a case and a rule."""

import re
from itertools import takewhile
from pathlib import Path

import pytest

from hub_server.alerting.rules import Rule, load_rules
from hub_server.alerting.when import GroupWhen, LevelsWhen, ObservationWhen
from hub_server.alerting.when_sensor import Limit
from hub_server.incidents.incident_types import IncidentType, load_incident_types
from linli_contract.event_types import EVENT_TYPES, Colour, Origin
from tests.support.hub import RULES

HEADER = "| event type | 中文 | input | trigger | colour | first handler |"
EDGE_ALONE: dict[str, str] = {}
"""Event type → why no rule of the hub makes it an alert. None is so today."""
ALL_RULES = [rule for rule in load_rules(RULES).rules if not rule.second]
"""Those that look at what devices say; the table knows nothing of rules over their alerts."""
TYPES = load_incident_types(RULES / "incident_types.yaml")
LIMITS = ("handle",)


Table = list[list[str]]


@pytest.fixture(scope="module")
def domain(shared: Path) -> list[str]:
    """The lines of the domain's page."""
    return (shared / "domain.md").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def table(domain: list[str]) -> Table:
    """The cells of each row."""
    start = domain.index(HEADER) + 2
    rows = takewhile(lambda line: line.startswith("|"), domain[start:])
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


def rules_of(name: str) -> list[Rule]:
    return [rule for rule in ALL_RULES if rule.spec.type == name]


def colours_of(rule: Rule) -> set[Colour]:
    when = rule.spec.when
    if isinstance(when, LevelsWhen):
        return {level.colour for level in when.levels}
    return {rule.spec.colour} if rule.spec.colour else set()


def test_the_table_and_the_contract_have_the_same_types(table: Table) -> None:
    rows = table
    assert {row[0] for row in rows} == EVENT_TYPES.keys()
    assert len(rows) == len(EVENT_TYPES)


def test_every_row_has_names_in_both_languages(table: Table) -> None:
    for name, zh, *_ in table:
        kind = EVENT_TYPES[name]
        assert kind.zh[:2] == zh[:2], name
        assert re.fullmatch(r"[A-Z][A-Za-z -]+", kind.en), name


def test_every_row_has_a_rule_or_a_reason_why_none(table: Table) -> None:
    for name, *_ in table:
        assert bool(rules_of(name)) != bool(EDGE_ALONE.get(name)), name


def test_what_the_edge_sees_is_an_alert_by_a_rule_of_its_own(table: Table) -> None:
    for name, *_ in table:
        if EVENT_TYPES[name].origin is Origin.EDGE:
            whens = [rule.spec.when for rule in rules_of(name)]
            assert name in {when.event for when in whens if isinstance(when, ObservationWhen)}


def test_the_rules_have_the_colours_of_the_row(table: Table) -> None:
    """``orange``, ``orange/red`` or ``blue→red``; a rule beyond them is graver, never less."""
    order = list(Colour)
    for name, _, _, _, cell, _ in table:
        ends = [Colour(word) for word in re.findall(r"[a-z]+", cell)]
        found = {colour for rule in rules_of(name) for colour in colours_of(rule)}
        low, high = order.index(ends[0]), order.index(ends[-1])
        wanted = set(order[low : high + 1]) if "→" in cell else set(ends)
        assert wanted <= found, name
        if name != "smoke_fire":  # one witness alone is orange, both together are red
            assert min(map(order.index, found)) == low, name


def test_the_limits_of_the_row_are_the_limits_of_its_rules(table: Table) -> None:
    """Every number of the trigger column that the hub decides stands in a rule."""
    for name, _, given, trigger, *_ in table:
        numbers = HUB_DECIDES.get(name)
        if numbers is None:
            continue
        cell = f"{given} {trigger}"
        assert all(re.search(rf"(?<![\d.]){number:g}(?![\d.])", cell) for number in numbers), name
        assert numbers <= limits_of(name), name


HUB_DECIDES: dict[str, set[float]] = {
    "garbage_overflow": {90},
    "waterlogging": {5, 10, 15, 25},
    "heavy_rain": {50, 100},
    "manhole": {15},
    "gas_leak": {10, 25},
    "carbon_monoxide": {50, 150},
    "air_quality": {100, 150, 200, 300},
    "elder_inactivity": {0.01},
}


def limits_of(name: str) -> set[float]:
    found: set[float] = set()
    for rule in rules_of(name):
        when = rule.spec.when
        parts = when.thresholds if isinstance(when, LevelsWhen) else (when,)
        found |= {part.limit for part in parts if isinstance(part, Limit)}
    return found


def test_the_limits_of_noise_are_those_of_the_text(domain: list[str]) -> None:
    [line] = [row for row in domain if "Noise GB 3096" in row]
    classes = re.findall(r"(?:class |, )(\d[ab]?) (\d+)/(\d+)", line)
    assert len(classes) == 6
    [over] = re.findall(r"≤ limit \+ (\d+) dB", line)
    found = {
        (rule.spec.place["noise_class"], rule.spec.name.rpartition("-")[2], rule.spec.when.limit)
        for rule in rules_of("noise")
        if isinstance(rule.spec.when, Limit)
    }
    assert found == {
        row
        for name, day, night in classes
        for row in (
            (name, "day", float(day)),
            (name, "night", float(night)),
            (name, "peak", float(night) + float(over)),
        )
    }


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_every_case_says_what_it_is_and_who_handles_it(name: str) -> None:
    kind: IncidentType = TYPES[name]
    assert kind.code == EVENT_TYPES[name].code
    assert all(stage in kind.limits for stage in LIMITS)
    assert kind.first_handler.zh
    assert kind.first_handler.en
    for rule in rules_of(name):
        assert len(rule.spec.group.by) >= 2
        assert rule.spec.source.strip()


def test_the_first_handler_is_the_first_of_the_row(table: Table) -> None:
    for name, *_, cell in table:
        if cell != "–":
            first = re.split(r"/| → ", cell)[0]
            assert TYPES[name].first_handler.zh == first, name


def test_only_what_a_worker_may_close_alone_is_small() -> None:
    """自办件: never what endangers life, never what is graver than 一般."""
    for name, kind in TYPES.items():
        if kind.self_handled:
            assert kind.severity == "general", name
            assert not EVENT_TYPES[name].life_safety, name


def test_what_endangers_life_is_judged_on_arrival() -> None:
    for rule in ALL_RULES:
        if EVENT_TYPES[rule.spec.type].life_safety:
            assert rule.spec.at_once, rule.spec.name


def test_fire_is_one_case_whoever_saw_it() -> None:
    rules = rules_of("smoke_fire")
    assert {tuple(rule.spec.group.by) for rule in rules} == {("type", "grid")}
    assert sum(isinstance(rule.spec.when, GroupWhen) for rule in rules) == 1
