"""Takes the county centre's callback: the case id and its status there, as a step of the case."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, delete, insert, select, update

from hub_server.county_link.signing import SignatureError
from hub_server.ledger.counters import next_change
from hub_server.ledger.tables import incidents, nonces, steps

ACTOR = "county"


class UnknownCase(LookupError):  # noqa: N818 - named by what is wrong
    """The callback names an incident that is not in the ledger."""


class Callback(BaseModel):
    """What the centre sends; unknown fields are ignored, so that it may add some."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    id: str = Field(min_length=1, max_length=56)
    """Idempotency key of the status change."""
    incident: str = Field(min_length=1, max_length=64)
    case_id: str = Field(min_length=1, max_length=64)
    status: str = Field(min_length=1, max_length=32)
    note: str = Field(default="", max_length=2000)


def take_callback(
    conn: Connection, callback: Callback, nonce: str, window_s: float, now: datetime
) -> bool:
    """Write a verified callback; False when its id was taken before.

    Raises:
        SignatureError: the nonce was used before.
        UnknownCase: there is no such incident.
    """
    _use_nonce(conn, nonce, window_s, now)
    query = select(incidents).where(incidents.c.id == callback.incident).with_for_update()
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownCase(f"incident: {callback.incident!r} is unknown")
    key = f"county:{callback.id}"
    known = select(steps.c.seq).where(steps.c.incident == callback.incident, steps.c.key == key)
    if conn.scalar(known) is not None:
        return False
    values = {"incident": callback.incident, "action": "county", "key": key, "actor": ACTOR}
    detail = {"case_id": callback.case_id, "status": callback.status}
    conn.execute(
        insert(steps).values(
            **values,
            from_state=row["state"],
            to_state=row["state"],
            at=now,
            note=callback.note,
            detail=detail,
        )
    )
    _touch(conn, callback.incident, county_case=callback.case_id, updated_at=now)
    return True


def keep_case_id(conn: Connection, incident: str, case_id: str) -> None:
    """Note the county's number of a case; people see it as a change, if it is one."""
    known = select(incidents.c.county_case).where(incidents.c.id == incident)
    if conn.scalar(known) != case_id:
        _touch(conn, incident, county_case=case_id)


def _touch(conn: Connection, incident: str, **values: object) -> None:
    change = update(incidents).where(incidents.c.id == incident)
    conn.execute(change.values(change=next_change(conn), **values))


def _use_nonce(conn: Connection, nonce: str, window_s: float, now: datetime) -> None:
    # Twice the window: a timestamp may lie that far ahead of our clock and still come again.
    conn.execute(delete(nonces).where(nonces.c.at < now - timedelta(seconds=2 * window_s)))
    if conn.scalar(select(nonces.c.nonce).where(nonces.c.nonce == nonce)):
        raise SignatureError("X-Nonce: was used before")
    conn.execute(insert(nonces).values(nonce=nonce, at=now))
