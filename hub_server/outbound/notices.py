"""Which steps a person is told of, whom, and in which words.

Life-safety types page the grid's workers at once, before anyone has verified them [P].
What an alert does to an incident marked late pages nobody: it came after its time.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypedDict

from sqlalchemy import Connection, RowMapping, select

from hub_server.ledger.tables import users
from hub_server.outbound.messages import timestamp
from linli_contract.event_types import EVENT_TYPES


class Notice(TypedDict):
    """One message to people; ``to`` are names of users."""

    incident: str
    number: str
    step: int
    kind: str
    urgent: bool
    to: list[str]
    zh: str
    en: str
    type: str
    colour: str
    grid: str
    at: str


class Person(NamedTuple):
    """Somebody who may be told."""

    name: str
    role: str
    area: str


_STAFF = select(users.c.name, users.c.role, users.c.area).where(
    users.c.role.in_(("worker", "operator")), users.c.disabled.is_(False)
)


def staff(conn: Connection) -> list[Person]:
    """The workers and operators who have an account now."""
    return [Person(*row) for row in conn.execute(_STAFF)]


class _Words(NamedTuple):
    role: str
    """worker, operator, or assignee"""
    zh: str
    en: str


_BY_ALERT = ("report", "reopen", "escalate")
"""Steps that an alert took by itself."""
_OPENED = _Words("operator", "新案件待核实", "New case to verify")
_PAGED = _Words("worker", "请立即前往", "Go there at once")
_WORDS: dict[str, _Words] = {
    "report": _OPENED,
    "escalate": _Words("operator", "预警升级", "Warning raised"),
    "reopen": _Words("operator", "案件重新打开，待核实", "Case reopened, verify it"),
    "dispatch": _Words("assignee", "有新派遣，请签收", "Dispatched to you, please acknowledge"),
    "return": _Words("operator", "案件被退回，请重新派遣", "Case returned, dispatch it again"),
    "handle": _Words("operator", "已处置，待核查", "Handled, please check"),
    "resume": _Words("assignee", "案件恢复处置", "Case resumed"),
}
_REWORK = _Words("assignee", "核查未通过，请返工", "Check not passed, handle it again")


def notice_for(people: Iterable[Person], incident: RowMapping, step: RowMapping) -> Notice | None:
    """The notice of one step to those of ``people`` it concerns, or None when nobody has to act."""
    words, urgent = _words(incident, step)
    if words is None or (incident["late"] and step["action"] in _BY_ALERT):
        return None
    kind = EVENT_TYPES.get(str(incident["type"]))
    zh, en = (kind.zh, kind.en) if kind else (str(incident["type"]),) * 2
    reason = incident["reason"]
    return Notice(
        incident=str(incident["id"]),
        number=str(incident["number"]),
        step=int(step["seq"]),
        kind=str(step["action"]),
        urgent=urgent,
        to=_receivers(people, words.role, incident),
        zh=f"{words.zh}：{zh} {incident['number']} {reason.get('zh', '')}".strip(),
        en=f"{words.en}: {en} {incident['number']} {reason.get('en', '')}".strip(),
        type=str(incident["type"]),
        colour=str(incident["colour"]),
        grid=str(incident["grid"]),
        at=timestamp(step["at"]),
    )


def _words(incident: RowMapping, step: RowMapping) -> tuple[_Words | None, bool]:
    action = str(step["action"])
    kind = EVENT_TYPES.get(str(incident["type"]))
    if action in _BY_ALERT and kind is not None and kind.life_safety:
        return _PAGED, True
    if action == "check" and step["to_state"] == "handling":
        return _REWORK, False
    return _WORDS.get(action), False


def _receivers(people: Iterable[Person], role: str, incident: RowMapping) -> list[str]:
    if role == "assignee":
        return [str(incident["worker"])] if incident["worker"] else []
    roles = ("worker", "operator") if role == "worker" else ("operator",)
    grid = str(incident["grid"])
    return sorted(one.name for one in people if one.role in roles and grid.startswith(one.area))
