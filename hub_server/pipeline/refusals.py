"""Who was refused, in the audit log: one line for each device, reason and hour, with a count."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, insert, update

from hub_server.ledger.tables import audit

REASONS = frozenset({"not_enrolled", "revoked", "wrong_source"})
"""Somebody who may not send, or speaks for another; what is merely broken is no trespass."""
MOST = 1000
"""Lines an hour; of more strangers, the others share one line without a name."""
OTHERS = "*"


class Refusals:
    """Belongs to one thread. A restart begins new lines."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._lines: dict[tuple[str, str], tuple[int, int]] = {}
        """(device, reason) → the audit line and its count."""

    def note(self, conn: Connection, refused: Counter[tuple[str, str]], now: datetime) -> None:
        """Count what was refused, in the caller's transaction."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._lines = hour, {}
        for (device, reason), count in refused.items():
            known = (device, reason) in self._lines or len(self._lines) < MOST
            self._count(conn, device if known else OTHERS, reason, count, now)

    def _count(self, conn: Connection, device: str, reason: str, count: int, now: datetime) -> None:
        line, before = self._lines.get((device, reason), (0, 0))
        detail = {"reason": reason, "count": before + count, "last": now.isoformat()}
        changed = update(audit).where(audit.c.seq == line).values(detail=detail)
        # a line whose transaction was undone is not there: it is written anew
        if not line or not conn.execute(changed).rowcount:
            values = {"actor": "hub", "action": "refused", "object": device[:128] or "?"}
            row = insert(audit).values(at=now, detail=detail, **values).returning(audit.c.seq)
            line = int(conn.execute(row).scalar_one())
        self._lines[device, reason] = (line, before + count)
