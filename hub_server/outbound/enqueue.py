"""Writes what must leave the hub as rows, in the transaction of the change itself.

A row is self-contained: whoever drains it reads nothing else. Its key is stable
(``{incident}:{step}``), so that a receiver sees a repetition as one.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, select

from hub_server.ledger.tables import devices, incidents, outbound, steps
from hub_server.outbound.messages import county_message
from hub_server.outbound.notices import Person, notice_for, staff
from hub_server.stores.rows import add_incident_steps

K = TypeVar("K")
COUNTY = "county"
"""The target name of the county link; every other target is a notifier."""


def incident_changed(
    conn: Connection, incident_id: str, step_seq: int, targets: Sequence[str], now: datetime
) -> None:
    """Queue what one step means: see :func:`incidents_changed`."""
    incidents_changed(conn, [(incident_id, step_seq)], targets, now)


def incidents_changed(
    conn: Connection, changes: Sequence[tuple[str, int]], targets: Sequence[str], now: datetime
) -> None:
    """Queue what each step (incident, its ``seq``) means for each target, and its point.

    The county hears of every step; a notifier only of those a person must act on
    (:func:`hub_server.outbound.notices.notice_for`).

    Raises:
        LookupError: there is no such incident or step.
    """
    cases = {row["id"]: row for row in _rows(conn, _CASES, [one for one, _ in changes])}
    found = {row["seq"]: row for row in _rows(conn, _STEPS, [seq for _, seq in changes])}
    pairs = [(_known(cases, one, one), _known(found, seq, f"step {seq}")) for one, seq in changes]
    counties = _counties(conn, [incident for incident, _ in pairs])
    people = staff(conn)
    add_incident_steps(conn, pairs)
    rows = [
        {"target": target, "incident": incident["id"], "payload": payload}
        | {"key": f"{incident['id']}:{step['seq']}", "created_at": now, "next_at": now}
        for incident, step in pairs
        for target, payload in _payloads(incident, step, targets, counties, people)
    ]
    if rows:
        conn.execute(insert(outbound), rows)


def _payloads(
    incident: RowMapping,
    step: RowMapping,
    targets: Sequence[str],
    counties: Mapping[str, str],
    people: Sequence[Person],
) -> Iterator[tuple[str, object]]:
    """What each target is told, as far as it is told anything."""
    county = counties.get(incident["device"]) or str(incident["grid"])
    notice = notice_for(people, incident, step)
    for target in targets:
        if target == COUNTY:
            yield target, county_message(incident, step, county)
        elif notice is not None:
            yield target, notice


_CASES = select(incidents).where(incidents.c.id.in_(bindparam("keys", expanding=True)))
_STEPS = select(steps).where(steps.c.seq.in_(bindparam("keys", expanding=True)))
_COUNTIES = select(devices.c.device, devices.c.county).where(
    devices.c.device.in_(bindparam("keys", expanding=True))
)


def _rows(
    conn: Connection, query: Select[*tuple[object, ...]], keys: Sequence[object]
) -> Sequence[RowMapping]:
    return conn.execute(query, {"keys": list(keys)}).mappings().all()


def _known(found: Mapping[K, RowMapping], key: K, what: str) -> RowMapping:
    row = found.get(key)
    if row is None:
        raise LookupError(f"outbound: expected {what} in the ledger, found nothing")
    return row


def _counties(conn: Connection, cases: Sequence[RowMapping]) -> dict[str, str]:
    names = sorted({str(incident["device"]) for incident in cases})
    return {row["device"]: row["county"] for row in _rows(conn, _COUNTIES, names)}
