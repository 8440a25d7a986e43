"""A person's tap on a case: checked, written as steps, queued for who must hear of it.

Everything happens in the caller's one transaction: the step, the case's next state, the
pictures, and the outbound rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from hub_server.incidents.checks import check_uploaded, check_worker
from hub_server.incidents.life import (
    FINAL,
    Action,
    Case,
    OwnStep,
    Refusal,
    State,
    next_state,
    refusal,
)
from hub_server.incidents.taps import (
    Actor,
    BadTap,
    NotNow,
    NotYours,
    Tap,
    UnknownIncident,
    check_tap,
)
from hub_server.ledger import upsert
from hub_server.ledger.counters import next_change
from hub_server.ledger.tables import incident_pictures, incidents, steps
from hub_server.outbound.enqueue import incident_changed

SYSTEM = "linli"
"""The actor of steps that follow by themselves."""


@dataclass(frozen=True)
class Outcome:
    """What a tap did; ``repeated`` when its key had done it before."""

    step: int
    state: State
    repeated: bool = False


def act(
    conn: Connection,
    incident_id: str,
    tap: Tap,
    actor: Actor,
    targets: Sequence[str],
    now: datetime,
) -> Outcome:
    """Take one action on a case.

    Raises:
        UnknownIncident, NotYours, NotNow, BadTap: nothing was written.
    """
    check_tap(tap)
    row = _locked(conn, incident_id, actor)
    if done := _done_before(conn, incident_id, tap, actor):
        return done
    to = _decide(case_of(conn, row), tap, actor)
    check_worker(conn, tap, str(row["grid"]))
    check_uploaded(conn, tap)
    seq = _step(conn, row, to, tap, actor, now)
    _attach(conn, incident_id, tap, seq)
    written = [seq]
    if to is State.HANDLE_FINISH:
        to = State.PENDING_CHECK
        written.append(_follow(conn, row, to, now))
    _update(conn, row, to, tap, now)
    for step in written:
        incident_changed(conn, incident_id, step, targets, now)
    return Outcome(seq, to)


def case_of(conn: Connection, row: RowMapping) -> Case:
    """What the rules of :mod:`hub_server.incidents.life` look at."""
    state = State(row["state"])
    before = _suspended_from(conn, str(row["id"])) if state is State.SUSPENDED else None
    return Case(state, row["worker"], row["check_result"], before)


def _suspended_from(conn: Connection, incident_id: str) -> State | None:
    query = (
        select(steps.c.from_state)
        .where(steps.c.incident == incident_id, steps.c.action == Action.SUSPEND.value)
        .order_by(steps.c.seq.desc())
        .limit(1)
    )
    found = conn.scalar(query)
    return State(found) if found else None


def _locked(conn: Connection, incident_id: str, actor: Actor) -> RowMapping:
    query = select(incidents).where(incidents.c.id == incident_id).with_for_update()
    row = conn.execute(query).mappings().one_or_none()
    if row is None or not str(row["grid"]).startswith(actor.area):
        raise UnknownIncident(f"incident: {incident_id!r} is not in your area")
    return row


def _done_before(conn: Connection, incident_id: str, tap: Tap, actor: Actor) -> Outcome | None:
    query = select(steps).where(steps.c.incident == incident_id, steps.c.key == tap.key)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return None
    if (row["action"], row["actor"]) != (tap.action.value, actor.name):
        raise BadTap("key", f"was used for {row['action']} by {row['actor']}")
    return Outcome(row["seq"], State(row["to_state"]), repeated=True)


def _decide(case: Case, tap: Tap, actor: Actor) -> State:
    refused = refusal(case, tap.action, actor.name, actor.role)
    to = refused or next_state(case, tap.action, tap.result)
    if isinstance(to, State):
        return to
    raise _error(to)


def _error(refused: Refusal) -> NotYours | NotNow | BadTap:
    if refused.cause == "role":
        return NotYours(refused.detail)
    if refused.cause == "state":
        return NotNow(refused.detail)
    return BadTap("result", refused.detail)


def _step(
    conn: Connection, row: RowMapping, to: State, tap: Tap, actor: Actor, now: datetime
) -> int:
    detail: dict[str, object] = {}
    if tap.result is not None:
        detail["result"] = tap.result
    if tap.worker is not None:
        detail["worker"] = tap.worker
    if tap.pictures:
        detail["pictures"] = [vars(picture) for picture in tap.pictures]
    values = {"incident": row["id"], "action": tap.action.value, "from_state": row["state"]}
    added = insert(steps).values(
        **values,
        to_state=to.value,
        actor=actor.name,
        at=now,
        note=tap.note,
        detail=detail,
        key=tap.key,
    )
    return int(conn.execute(added.returning(steps.c.seq)).scalar_one())


def _follow(conn: Connection, row: RowMapping, to: State, now: datetime) -> int:
    values = {
        "incident": row["id"],
        "action": OwnStep.SUBMIT.value,
        "from_state": State.HANDLE_FINISH.value,
    }
    added = insert(steps).values(**values, to_state=to.value, actor=SYSTEM, at=now, detail={})
    return int(conn.execute(added.returning(steps.c.seq)).scalar_one())


def _attach(conn: Connection, incident_id: str, tap: Tap, step: int) -> None:
    for picture in tap.pictures:
        row = upsert.insert(conn, incident_pictures).values(
            incident=incident_id, sha256=picture.sha256, kind=picture.kind, step=step
        )
        conn.execute(row.on_conflict_do_nothing())


def _update(conn: Connection, row: RowMapping, to: State, tap: Tap, now: datetime) -> None:
    values: dict[str, object] = {"state": to.value, "updated_at": now, "change": next_change(conn)}
    match tap.action:
        case Action.DISPATCH:
            values["worker"] = tap.worker
        case Action.RETURN:
            values["worker"] = None
        case Action.HANDLE:
            values["check_result"] = None
        case Action.CHECK:
            values["check_result"] = tap.result
            rework = 1 if tap.result == "not_pass" else 0
            values["rework_count"] = incidents.c.rework_count + rework
    if to in FINAL:
        values["closed_at"] = now
    conn.execute(update(incidents).where(incidents.c.id == row["id"]).values(**values))
