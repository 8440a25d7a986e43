"""The life of an incident as a table: which action leads where, and who may take it.

The stages are those of digital city management (数字城管七阶段); docs/architecture.md has the
same table for people, and a test compares them. Pure: no ledger, no clock.
"""

from dataclasses import dataclass
from enum import StrEnum

from hub_server.auth.roles import Role


class State(StrEnum):
    REPORTED = "reported"
    PENDING_VERIFY = "pending_verify"
    PENDING_REGISTER = "pending_register"
    PENDING_DISPATCH = "pending_dispatch"
    PENDING_HANDLE = "pending_handle"
    HANDLING = "handling"
    HANDLE_FINISH = "handle_finish"
    PENDING_CHECK = "pending_check"
    CLOSED = "closed"
    RETURNED = "returned"
    NOT_ACCEPTED = "not_accepted"
    SUSPENDED = "suspended"


FINAL = frozenset({State.CLOSED, State.NOT_ACCEPTED})
"""For people. Only the program leaves them, by ``reopen``, and only within the cool-down."""


class Action(StrEnum):
    VERIFY = "verify"
    REGISTER = "register"
    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    RETURN = "return"
    HANDLE = "handle"
    CHECK = "check"
    CLOSE = "close"
    VOID = "void"
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True)
class Rule:
    """Who may take an action, from where, and where each result leads."""

    role: Role
    from_states: frozenset[State]
    to: State | None
    """None: back to where it was suspended from."""
    results: tuple[tuple[str, State], ...] = ()
    """Result → state, for actions that need a result."""


_S = State
_BEFORE_HANDLING = frozenset(
    {_S.REPORTED, _S.PENDING_VERIFY, _S.PENDING_REGISTER, _S.PENDING_DISPATCH}
)
_IN_HAND = frozenset({_S.PENDING_HANDLE, _S.HANDLING})
_VERIFIED = (
    ("exist", _S.PENDING_REGISTER),
    ("not_exist", _S.NOT_ACCEPTED),
    ("unable", _S.PENDING_VERIFY),
)
_CHECKED = (("pass", _S.PENDING_CHECK), ("not_pass", _S.HANDLING), ("unable", _S.PENDING_CHECK))


def _at(*states: State) -> frozenset[State]:
    return frozenset(states)


RULES: dict[Action, Rule] = {
    Action.VERIFY: Rule(
        Role.OPERATOR, _at(_S.PENDING_VERIFY), _S.PENDING_REGISTER, results=_VERIFIED
    ),
    Action.REGISTER: Rule(Role.OPERATOR, _at(_S.PENDING_REGISTER), _S.PENDING_DISPATCH),
    Action.DISPATCH: Rule(Role.OPERATOR, _at(_S.PENDING_DISPATCH, _S.RETURNED), _S.PENDING_HANDLE),
    Action.ACKNOWLEDGE: Rule(Role.WORKER, _at(_S.PENDING_HANDLE), _S.HANDLING),
    Action.RETURN: Rule(Role.WORKER, _IN_HAND, _S.RETURNED),
    Action.HANDLE: Rule(Role.WORKER, _at(_S.HANDLING), _S.HANDLE_FINISH),
    Action.CHECK: Rule(Role.OPERATOR, _at(_S.PENDING_CHECK), _S.PENDING_CHECK, results=_CHECKED),
    Action.CLOSE: Rule(Role.OPERATOR, _at(_S.PENDING_CHECK), _S.CLOSED),
    Action.VOID: Rule(Role.OPERATOR, _BEFORE_HANDLING, _S.NOT_ACCEPTED),
    Action.SUSPEND: Rule(Role.OPERATOR, _IN_HAND, _S.SUSPENDED),
    Action.RESUME: Rule(Role.OPERATOR, _at(_S.SUSPENDED), None),
}


class OwnStep(StrEnum):
    """What the program does by itself; nobody can tap it."""

    REPORT = "report"
    ESCALATE = "escalate"
    SUBMIT = "submit"
    REOPEN = "reopen"


@dataclass(frozen=True)
class OwnRule:
    """From where the program takes a step of its own, and where it leads."""

    from_states: frozenset[State]
    to: State | None
    """None: the case stays where it is."""


OWN_STEPS: dict[OwnStep, OwnRule] = {
    OwnStep.REPORT: OwnRule(_at(_S.REPORTED), _S.PENDING_VERIFY),
    OwnStep.ESCALATE: OwnRule(frozenset(State) - FINAL, None),
    OwnStep.SUBMIT: OwnRule(_at(_S.HANDLE_FINISH), _S.PENDING_CHECK),
    OwnStep.REOPEN: OwnRule(FINAL, _S.PENDING_VERIFY),
}


@dataclass(frozen=True)
class Case:
    """What the rules look at."""

    state: State
    worker: str | None = None
    check_result: str | None = None
    suspended_from: State | None = None


@dataclass(frozen=True)
class Refusal:
    """Why an action may not be taken; ``role``: this person never, ``state``: not now."""

    cause: str
    """role, state or result"""
    detail: str


def refusal(case: Case, action: Action, name: str, role: Role) -> Refusal | None:
    """Why ``name`` may not take ``action`` on ``case`` now; None when it is allowed."""
    rule = RULES[action]
    if role not in _roles(rule.role):
        return Refusal("role", f"{action}: expected role {rule.role}, you are {role}")
    if case.state not in rule.from_states:
        states = ", ".join(sorted(rule.from_states))
        return Refusal("state", f"{action}: expected state {states}, the case is {case.state}")
    if rule.role is Role.WORKER and case.worker != name:
        return Refusal("role", f"{action}: the case is dispatched to somebody else")
    if action is Action.CLOSE and case.check_result != "pass":
        return Refusal("state", f"close: expected a passed check, found {case.check_result}")
    if action is Action.RESUME and case.suspended_from is None:
        return Refusal("state", "resume: the state before the suspension is not known")
    return None


def allowed(case: Case, name: str, role: Role) -> list[Action]:
    """The actions that ``name`` may take now, in the table's order."""
    return [action for action in Action if refusal(case, action, name, role) is None]


def next_state(case: Case, action: Action, result: str | None) -> State | Refusal:
    """Where ``action`` leads; a :class:`Refusal` when its result is not one of the table's."""
    rule = RULES[action]
    if rule.results:
        results = dict(rule.results)
        if result not in results:
            expected = ", ".join(results)
            return Refusal("result", f"{action}: expected a result of {expected}, got {result!r}")
        return results[result]
    if result is not None:
        return Refusal("result", f"{action}: takes no result, got {result!r}")
    return rule.to or case.suspended_from or case.state


def _roles(role: Role) -> tuple[Role, ...]:
    # An admin may do what an operator may; nobody handles in a worker's place.
    return (role, Role.ADMIN) if role is Role.OPERATOR else (role,)
