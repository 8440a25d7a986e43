"""The engine: order of time, cool-down, broken rules, reasons."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.alerting import engine
from hub_server.alerting.book import Book
from hub_server.alerting.engine import Arrival, Limits, evaluate
from hub_server.alerting.inputs import MeasurementInput, ObservationInput, Site
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.spec import Pack
from hub_server.alerting.state import KeyState
from hub_server.alerting.types import Alert
from linli_settings import parse
from tests.support.hub import GRID, NOW

SITE = Site("330899", "pi-0001", "gas-1", GRID, 29.0, 119.0, "燃气", "gas")
PACK = """
pack: test
version: 2026-01-01
rules:
  - name: high
    type: gas_leak
    colour: orange
    when: {{type: threshold, metric: gas_lel, above: 10}}
    scope: source
    group: {{by: [type, source]}}
    {more}
    reason:
      zh: "{{name}} {{value}}{{unit}} > {{limit:.1f}}"
      en: "{{name}} {{value}} {{device}}"
    source: "a test"
"""


def rules(more: str) -> Rules:
    text = PACK.format(more=more)
    return Rules(tuple(compile_pack(parse(text, Pack), "set1")))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def arrival(seconds: float, value: float, clock: float, late: bool = False) -> Arrival:
    item = MeasurementInput(
        site=SITE,
        time=at(seconds),
        received_at=at(clock),
        event_id=f"e{seconds:g}",
        metric="gas_lel",
        value=value,
        unit="%LEL",
        late=late,
    )
    return Arrival(item, at(clock))


def run(
    rules: Rules, arrivals: list[Arrival], book: Book | None = None, late_s: float = 600
) -> list[Alert]:
    return evaluate(rules, (book or Book({})).draft(), arrivals, Limits(late_s), at(9999))


def test_the_reason_has_the_values_in_both_languages() -> None:
    [alert] = run(rules("at_once: true"), [arrival(0, 12.0, 0)])
    assert alert.reason.zh == "燃气 12%LEL > 10.0"
    assert alert.reason.en == "gas 12 pi-0001"
    assert alert.reason.values["value"] == 12.0
    assert alert.group_key == "gas_leak|pi-0001/gas-1"
    [rule] = rules("at_once: true").rules
    assert alert.rules_version == f"set1/{rule.fingerprint}"


def test_a_replay_gives_the_same_alert() -> None:
    first, second = (run(rules("at_once: true"), [arrival(0, 12, 0)]) for _ in range(2))
    assert first == second


@given(st.permutations([(0, 12.0), (60, 5.0), (120, 13.0), (180, 4.0)]))
def test_what_is_not_at_once_is_judged_in_order_of_time(story: list[tuple[int, float]]) -> None:
    clock, arrivals = 0, []
    for seconds, value in story:
        clock = max(clock, seconds)
        arrivals.append(arrival(seconds, value, clock))
    arrivals.append(arrival(1000, 0.0, 1000))
    alerts = run(rules("at_once: false"), arrivals)
    assert [alert.time for alert in alerts] == [at(0), at(120)]


def test_what_is_not_at_once_waits_for_its_sources_clock() -> None:
    draft = Book({}).draft()
    rule = rules("at_once: false")
    assert evaluate(rule, draft, [arrival(0, 12, 0)], Limits(600), at(0)) == []
    assert evaluate(rule, draft, [arrival(599, 1, 599)], Limits(600), at(599)) == []
    assert len(evaluate(rule, draft, [arrival(600, 1, 600)], Limits(600), at(600))) == 1


def test_a_late_value_fires_marked_late_and_touches_no_state() -> None:
    draft = Book({}).draft()
    [alert] = evaluate(
        rules("at_once: true"), draft, [arrival(0, 12, 900, late=True)], Limits(600), at(900)
    )
    assert alert.late
    assert draft.changes == {}


@pytest.mark.parametrize(("cool", "count"), [("0s", 3), ("15s", 2), ("1h", 1)])
def test_a_rules_own_cool_down(cool: str, count: int) -> None:
    story = [(0, 12), (5, 1), (10, 12), (15, 1), (20, 12)]
    arrivals = [arrival(seconds, value, seconds) for seconds, value in story]
    assert len(run(rules(f"at_once: true\n    cool_down: {cool}"), arrivals)) == count


def test_a_draft_is_seen_by_itself_and_by_the_book_only_when_adopted() -> None:
    book = Book({})
    draft = book.draft()
    draft.put("r", "k", KeyState(fired_at=at(1), due=at(5)))
    assert draft.get("r", "k") is not None
    assert book.get("r", "k") is None
    assert book.due(at(10)) == []
    book.adopt(draft.changes)
    assert book.due(at(10)) == [("r", "k")]
    assert book.due(at(4)) == []
    book.adopt({("r", "k"): KeyState()})
    assert book.get("r", "k") is None
    assert book.due(at(10)) == []


def test_a_rule_that_remembers_nothing_leaves_nothing_to_write() -> None:
    """Every observation of a county would be a statement more."""
    seen = _observing()
    site = Site("330899", "pi-0001", "gate", GRID, 29.0, 119.0, "门", "gate", community=GRID[:12])
    item = ObservationInput(
        site=site,
        time=NOW,
        event_id="e1",
        event_type="intrusion",
        observation_id="o1",
        zone="yard",
    )
    draft = Book({}).draft()
    assert len(evaluate(seen, draft, [Arrival(item, NOW)], Limits(), NOW)) == 1
    assert draft.changes == {}


def _observing() -> Rules:
    when = "{type: observation, event: intrusion}"
    text = PACK.format(more="at_once: true").replace("scope: source", "scope: zone")
    text = text.replace("{type: threshold, metric: gas_lel, above: 10}", when)
    text = text.replace("{value}{unit} > {limit:.1f}", "{zone}").replace("{value} {device}", "x")
    return Rules(tuple(compile_pack(parse(text, Pack), "set1")))


def test_more_than_may_wait_are_judged_early_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_WAITING", 3)
    draft = Book({}).draft()
    waiting = [arrival(second, 12, 5) for second in range(5)]
    [alert] = evaluate(rules(""), draft, waiting, Limits(600), at(5))
    assert (alert.time, draft.early) == (at(0), 2)


def test_what_has_its_turn_is_not_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_WAITING", 3)
    draft = Book({}).draft()
    evaluate(rules(""), draft, [arrival(n, 1, 5) for n in range(3)], Limits(600), at(5))
    evaluate(rules(""), draft, [arrival(700, 1, 700)], Limits(600), at(700))
    assert draft.early == 0
