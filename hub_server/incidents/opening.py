"""An alert opens an incident, joins the open one of its group, or reopens one still warm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from hub_server.alerting.types import Alert, incident_id, worse
from hub_server.incidents.life import FINAL, OWN_STEPS, OwnStep, State
from hub_server.incidents.new_cases import LINLI, MOST_PICTURES, open_new, step_detail
from hub_server.incidents.policy import OpeningPolicy, due
from hub_server.ledger import counters
from hub_server.ledger.tables import incident_pictures, incidents, steps
from hub_server.ledger.upsert import insert as insert_once
from hub_server.outbound.enqueue import incident_changed
from linli_contract.event_types import Colour

STRIP = 6
"""Of before and after, which a camera's settings may ask for."""
ALERT_KINDS = ("near", "far", "reference")
"""Kinds of picture that an alert brings; the others are taken by people."""
REOPENED = OWN_STEPS[OwnStep.REOPEN].to or State.PENDING_VERIFY


@dataclass(frozen=True)
class Opened:
    """A new incident, or one reopened within its cool-down."""

    incident: str
    step: int
    reopened: bool = False


@dataclass(frozen=True)
class Joined:
    """The alert counts for an incident that was open already."""

    incident: str
    step: int | None = None
    """The step that raised the colour, if it did."""


def open_or_join(
    conn: Connection, alert: Alert, policy: OpeningPolicy, now: datetime
) -> Opened | Joined:
    """Find or make the incident of ``alert`` and queue what others must hear of it.

    An open incident of the same group takes the alert in; one that was closed, or not accepted,
    less than its type's cool-down ago is reopened; else a new one begins at pending_verify.
    """
    last = _last_of_group(conn, alert.group_key)
    if last is not None and last["state"] not in FINAL:
        return _join(conn, last, alert, policy, now)
    if last is not None and _warm(last, alert, policy, now):
        return _reopen(conn, last, alert, policy, now)
    [step] = open_new(conn, [alert], policy, now)
    return Opened(incident_id(alert.id), step)


def join_open(
    conn: Connection, alert: Alert, policy: OpeningPolicy, now: datetime
) -> Joined | None:
    """Let the open incident of the group take ``alert`` in; None when there is none."""
    last = _last_of_group(conn, alert.group_key)
    if last is None or last["state"] in FINAL:
        return None
    return _join(conn, last, alert, policy, now)


_END = (
    update(incidents)
    .where(
        incidents.c.id == bindparam("_id"),
        incidents.c.ended_at.is_distinct_from(bindparam("_ended_at")),
    )
    .values(
        ended_at=bindparam("_ended_at"), updated_at=bindparam("_now"), change=bindparam("_change")
    )
)


def end_observations(conn: Connection, ended: Mapping[str, datetime | None], now: datetime) -> None:
    """Note when what the cameras saw was over (None: not yet), by incident; the cases go on."""
    if not ended:
        return
    first = counters.next_changes(conn, len(ended))
    rows = [
        {"_id": name, "_ended_at": at, "_now": now, "_change": first + place}
        for place, (name, at) in enumerate(ended.items())
    ]
    conn.execute(_END, rows)


def _last_of_group(conn: Connection, group_key: str) -> RowMapping | None:
    query = select(incidents).where(incidents.c.group_key == group_key)
    # an open one first: at most one exists, and it need not be the newest
    order = (incidents.c.state.in_([state.value for state in FINAL]), incidents.c.opened_at.desc())
    return conn.execute(query.order_by(*order).limit(1)).mappings().one_or_none()


def _warm(last: RowMapping, alert: Alert, policy: OpeningPolicy, now: datetime) -> bool:
    ended = last["closed_at"] or last["updated_at"]
    return bool(now - ended < timedelta(seconds=policy.types[alert.type].cool_down))


def _join(
    conn: Connection, row: RowMapping, alert: Alert, policy: OpeningPolicy, now: datetime
) -> Joined:
    colour = worse(Colour(row["colour"]), alert.colour)
    _change(
        conn,
        row["id"],
        now,
        alert_count=row["alert_count"] + 1,
        colour=colour.value,
        ended_at=None,
        late=row["late"] and alert.late,
    )
    _add_pictures(conn, row["id"], alert, None)
    if colour == row["colour"]:
        return Joined(row["id"])
    step = _step(conn, row["id"], OwnStep.ESCALATE, row["state"], row["state"], alert, now)
    incident_changed(conn, row["id"], step, policy.targets, now)
    return Joined(row["id"], step)


def _reopen(
    conn: Connection, row: RowMapping, alert: Alert, policy: OpeningPolicy, now: datetime
) -> Opened:
    _change(
        conn,
        row["id"],
        now,
        state=REOPENED.value,
        alert_count=row["alert_count"] + 1,
        colour=worse(Colour(row["colour"]), alert.colour).value,
        closed_at=None,
        ended_at=None,
        worker=None,
        check_result=None,
        late=alert.late,
        **due(policy.types[alert.type], policy.calendar, now),
    )
    step = _step(conn, row["id"], OwnStep.REOPEN, row["state"], REOPENED.value, alert, now)
    _add_pictures(conn, row["id"], alert, step)
    incident_changed(conn, row["id"], step, policy.targets, now)
    return Opened(row["id"], step, reopened=True)


def _change(conn: Connection, incident: str, now: datetime, **values: object) -> None:
    change = counters.next_change(conn)
    conn.execute(
        update(incidents)
        .where(incidents.c.id == incident)
        .values(updated_at=now, change=change, **values)
    )


def _step(
    conn: Connection,
    incident: str,
    action: str,
    from_state: str,
    to_state: str,
    alert: Alert,
    now: datetime,
) -> int:
    row = insert(steps).values(
        incident=incident,
        action=action,
        from_state=from_state,
        to_state=to_state,
        actor=LINLI,
        at=now,
        detail=step_detail(alert),
    )
    return int(conn.execute(row.returning(steps.c.seq)).scalar_one())


def _add_pictures(conn: Connection, incident: str, alert: Alert, step: int | None) -> None:
    """Note the alert's pictures, up to ``MOST_PICTURES`` of one incident: the first ones show how
    it began, and a crowd that joins for hours fills no phone."""
    _note_pictures(conn, incident, alert.pictures, step, MOST_PICTURES)


def add_strip(conn: Connection, incident: str, pictures: Sequence[tuple[str, str]]) -> None:
    """Note the pictures of before and after, which follow an observation's start: one strip."""
    _note_pictures(conn, incident, pictures, None, MOST_PICTURES + STRIP)


def _note_pictures(
    conn: Connection,
    incident: str,
    pictures: Sequence[tuple[str, str]],
    step: int | None,
    most: int,
) -> None:
    known = select(func.count()).where(
        incident_pictures.c.incident == incident, incident_pictures.c.kind.in_(ALERT_KINDS)
    )
    room = max(0, most - (conn.scalar(known) or 0))
    for sha256, kind in pictures[:room]:
        row = insert_once(conn, incident_pictures).values(
            incident=incident, sha256=sha256, kind=kind, step=step
        )
        conn.execute(row.on_conflict_do_nothing())
