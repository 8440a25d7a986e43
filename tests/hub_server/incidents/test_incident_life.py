"""The life of an incident, against the table that people read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.auth.roles import Role
from hub_server.incidents.life import (
    FINAL,
    OWN_STEPS,
    RULES,
    Action,
    Case,
    OwnStep,
    Refusal,
    State,
    allowed,
    next_state,
    refusal,
)

DOCS = Path(__file__).parents[3] / "docs" / "architecture.md"

# action, who, from, result → to: the whole life, written out once more by hand.
LIFE = [
    ("verify", "operator", "pending_verify", "exist", "pending_register"),
    ("verify", "operator", "pending_verify", "not_exist", "not_accepted"),
    ("verify", "operator", "pending_verify", "unable", "pending_verify"),
    ("register", "operator", "pending_register", None, "pending_dispatch"),
    ("dispatch", "operator", "pending_dispatch", None, "pending_handle"),
    ("dispatch", "operator", "returned", None, "pending_handle"),
    ("acknowledge", "worker", "pending_handle", None, "handling"),
    ("return", "worker", "pending_handle", None, "returned"),
    ("return", "worker", "handling", None, "returned"),
    ("handle", "worker", "handling", None, "handle_finish"),
    ("check", "operator", "pending_check", "pass", "pending_check"),
    ("check", "operator", "pending_check", "not_pass", "handling"),
    ("check", "operator", "pending_check", "unable", "pending_check"),
    ("close", "operator", "pending_check", None, "closed"),
    ("void", "operator", "reported", None, "not_accepted"),
    ("void", "operator", "pending_verify", None, "not_accepted"),
    ("void", "operator", "pending_register", None, "not_accepted"),
    ("void", "operator", "pending_dispatch", None, "not_accepted"),
    ("suspend", "operator", "pending_handle", None, "suspended"),
    ("suspend", "operator", "handling", None, "suspended"),
    ("resume", "operator", "suspended", None, "handling"),
]


def _case(state: str) -> Case:
    suspended_from = State.HANDLING if state == "suspended" else None
    return Case(State(state), worker="li", check_result="pass", suspended_from=suspended_from)


@pytest.mark.parametrize(("action", "role", "state", "result", "to"), LIFE)
def test_every_way(action: str, role: str, state: str, result: str | None, to: str) -> None:
    case = _case(state)
    assert refusal(case, Action(action), "li", Role(role)) is None
    assert next_state(case, Action(action), result) == to


def test_no_other_way_exists() -> None:
    ways = {(action, state) for action, _, state, _, _ in LIFE}
    for action in Action:
        for state in State:
            free = [r for r in Role if refusal(_case(state), action, "li", r) is None]
            assert bool(free) == ((action.value, state.value) in ways), (action, state)


def test_who_may() -> None:
    for action, role, state, _, _ in LIFE:
        free = {r.value for r in Role if refusal(_case(state), Action(action), "li", r) is None}
        assert free == ({"operator", "admin"} if role == "operator" else {"worker"})


def test_only_the_worker_it_is_dispatched_to() -> None:
    refused = refusal(_case("handling"), Action.HANDLE, "wang", Role.WORKER)
    assert refused is not None
    assert refused.cause == "role"


@pytest.mark.parametrize("result", [None, "not_pass", "unable"])
def test_close_needs_a_passed_check(result: str | None) -> None:
    case = Case(State.PENDING_CHECK, "li", result)
    refused = refusal(case, Action.CLOSE, "zhao", Role.OPERATOR)
    assert refused is not None
    assert refused.cause == "state"
    assert Action.CLOSE not in allowed(case, "zhao", Role.OPERATOR)


@pytest.mark.parametrize(
    ("action", "result"), [("verify", None), ("verify", "pass"), ("close", "pass"), ("check", "")]
)
def test_a_result_that_is_not_the_tables(action: str, result: str | None) -> None:
    state = "pending_verify" if action == "verify" else "pending_check"
    refused = next_state(_case(state), Action(action), result)
    assert isinstance(refused, Refusal)
    assert refused.cause == "result"


cases = st.builds(
    Case,
    st.sampled_from(State),
    st.sampled_from(["li", None]),
    st.sampled_from(["pass", "not_pass", "unable", None]),
    st.sampled_from([State.HANDLING, State.PENDING_HANDLE, None]),
)


@given(cases, st.sampled_from(["li", "zhao"]), st.sampled_from(Role))
def test_final_states_are_final_and_technicians_only_look(
    case: Case, name: str, role: Role
) -> None:
    actions = allowed(case, name, role)
    if case.state in FINAL or role is Role.TECHNICIAN:
        assert actions == []
    for action in actions:
        results = [r for r, _ in RULES[action].results] or [None]
        for result in results:
            to = next_state(case, action, result)
            assert isinstance(to, State)
            if to is State.CLOSED:
                assert case.check_result == "pass"


def test_only_the_program_leaves_a_final_state_and_only_by_reopening() -> None:
    leaving = {step for step, way in OWN_STEPS.items() if way.from_states & FINAL}
    assert leaving == {OwnStep.REOPEN}
    assert not {step.value for step in OwnStep} & {action.value for action in Action}


def test_the_table_in_the_docs_is_the_code() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## The life of an incident")[2]
    lines = re.findall(r"^\| (`.*) \| (\w+) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    told, own = {}, {}
    for actions, who, states, to in lines:
        for action in re.findall(r"`(\w+)`", actions):
            (own if who == "linli" else told)[action] = (who, states, to)
    assert told.keys() == {action.value for action in Action}
    assert own.keys() == {step.value for step in OwnStep}
    for step, way in OWN_STEPS.items():
        _, states, to = own[step.value]
        known = set(re.findall(r"\w+", states)) if states != "any that is not final" else None
        assert (known or set(State) - FINAL) == {state.value for state in way.from_states}
        assert to == (way.to or "where it is")
    for action, rule in RULES.items():
        who, states, to = told[action.value]
        assert who == rule.role.value
        if action not in (Action.SUSPEND, Action.RESUME):
            assert set(re.findall(r"\w+", states)) == {s.value for s in rule.from_states}
            goals = {s.value for _, s in rule.results} or {str(rule.to)}
            assert goals <= set(re.findall(r"\w+", to))
