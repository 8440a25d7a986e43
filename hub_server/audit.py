"""The audit log: who looked at or did what. Kept at least 180 days (Cybersecurity Law)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert

from hub_server.ledger.tables import audit


def note(
    conn: Connection,
    at: datetime,
    actor: str,
    action: str,
    what: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    """One line of the audit log, in the caller's transaction."""
    values = {"at": at, "actor": actor[:64], "action": action, "object": what[:128]}
    conn.execute(insert(audit).values(**values, detail=dict(detail or {})))
