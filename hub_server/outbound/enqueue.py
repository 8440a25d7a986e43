"""Writes what must leave the hub as rows, in the transaction of the change itself.

A row is self-contained: whoever drains it reads nothing else. Its key is stable
(``{incident}:{step}``), so that a receiver sees a repetition as one.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, Select, insert, select

from hub_server.ledger.tables import devices, incidents, outbound, steps
from hub_server.outbound.messages import county_message
from hub_server.outbound.notices import notice_for
from hub_server.stores.rows import add_incident_step

COUNTY = "county"
"""The target name of the county link; every other target is a notifier."""


def incident_changed(
    conn: Connection, incident_id: str, step_seq: int, targets: Sequence[str], now: datetime
) -> None:
    """Queue what the step ``step_seq`` of an incident means for each target, and its point.

    The county hears of every step; a notifier only of those a person must act on
    (:func:`hub_server.outbound.notices.notice_for`).

    Raises:
        LookupError: there is no such incident or step.
    """
    incident = _one(conn, select(incidents).where(incidents.c.id == incident_id), incident_id)
    step = _one(conn, select(steps).where(steps.c.seq == step_seq), f"step {step_seq}")
    county = conn.scalar(
        select(devices.c.county).where(devices.c.device == incident["device"])
    ) or str(incident["grid"])
    notice = notice_for(conn, incident, step)
    add_incident_step(conn, incident, step)
    for target in targets:
        payload = county_message(incident, step, county) if target == COUNTY else notice
        if payload is not None:
            _put(conn, target, incident_id, f"{incident_id}:{step_seq}", payload, now)


def _one(conn: Connection, query: Select[*tuple[object, ...]], what: str) -> RowMapping:
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise LookupError(f"outbound: expected {what} in the ledger, found nothing")
    return row


def _put(
    conn: Connection, target: str, incident: str, key: str, payload: object, now: datetime
) -> None:
    row = {"target": target, "incident": incident, "key": key, "payload": payload}
    conn.execute(insert(outbound).values(**row, created_at=now, next_at=now))
