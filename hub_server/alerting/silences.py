"""Silences and maintenance windows: what fires under one is kept, marked, and opens nothing yet.

In maintenance a device is not missed either: its silence counts from the window's end. Nor is
one that was revoked, until it is enrolled again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, RowMapping, insert, select, update

from hub_server import audit
from hub_server.alerting.inputs import Site
from hub_server.alerting.matcher import Matcher, Told
from hub_server.ledger.tables import devices, silences
from linli_contract.ids import uuid7

LONGEST = timedelta(days=90)
"""Of a silence: nothing is hidden until nobody remembers why."""


class Kind(StrEnum):
    SILENCE = "silence"
    MAINTENANCE = "maintenance"


class SilenceError(ValueError):
    """A silence that cannot be; its text names the field, what was expected and found."""


@dataclass(frozen=True)
class Silence:
    """One row."""

    id: str
    kind: Kind
    matcher: Matcher
    begins_at: datetime
    ends_at: datetime
    author: str
    reason: str
    created_at: datetime
    ended_by: str = ""

    @classmethod
    def of(cls, row: RowMapping) -> "Silence":
        """From the ledger."""
        values = {**row, "kind": Kind(row["kind"])}
        return cls(**{**values, "matcher": Matcher.model_validate(row["matcher"])})

    def covers(self, at: datetime) -> bool:
        """Whether it is in force at ``at``; its last moment is not."""
        return self.begins_at <= at < self.ends_at


@dataclass(frozen=True)
class Wish:
    """A silence as somebody asks for it."""

    kind: Kind
    matcher: Matcher
    begins_at: datetime
    ends_at: datetime
    reason: str


def add_silence(conn: Connection, wish: Wish, author: str, now: datetime, random: bytes) -> Silence:
    """Write it down, audited.

    Args:
        random: 10 random bytes for the id.

    Raises:
        SilenceError: it ends before it begins or before now, lasts longer than
            :data:`LONGEST`, or nobody says why.
    """
    if wish.ends_at <= max(wish.begins_at, now):
        raise SilenceError(
            f"to: expected a time after {max(wish.begins_at, now).isoformat()},"
            f" got {wish.ends_at.isoformat()}"
        )
    if wish.ends_at - max(wish.begins_at, now) > LONGEST:
        latest = max(wish.begins_at, now) + LONGEST
        raise SilenceError(
            f"to: expected a time until {latest.isoformat()} ({LONGEST.days} days),"
            f" got {wish.ends_at.isoformat()}"
        )
    if not wish.reason.strip():
        raise SilenceError("reason: expected a few words, got none")
    made = Silence(
        uuid7(int(now.timestamp() * 1000), random),
        wish.kind,
        wish.matcher,
        wish.begins_at,
        wish.ends_at,
        author[:64],
        wish.reason.strip(),
        now,
    )
    conn.execute(insert(silences).values(**_row(made)))
    audit.note(conn, now, author, "silence_add", made.id, _shown(made))
    return made


def end_silence(conn: Connection, silence: str, by: str, now: datetime) -> Silence:
    """End it now, audited.

    Raises:
        SilenceError: there is none, or it is over.
    """
    query = select(silences).where(silences.c.id == silence)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise SilenceError(f"id: expected one of the silences, got {silence!r}")
    if row["ends_at"] <= now:
        raise SilenceError(f"id: expected one in force, this ended {row['ends_at'].isoformat()}")
    # one that has not begun never does
    times = {"ends_at": now, "begins_at": min(row["begins_at"], now)}
    change = update(silences).where(silences.c.id == silence).values(**times, ended_by=by[:64])
    conn.execute(change)
    audit.note(conn, now, by, "silence_end", silence)
    return Silence.of(conn.execute(query).mappings().one())


def list_silences(conn: Connection, since: datetime, limit: int = 500) -> list[Silence]:
    """Those that end after ``since``, the next to end first."""
    query = select(silences).where(silences.c.ends_at > since)
    rows = conn.execute(query.order_by(silences.c.ends_at, silences.c.id).limit(limit))
    return [Silence.of(row) for row in rows.mappings()]


def covering(conn: Connection, first: datetime, last: datetime) -> list[Silence]:
    """Those in force at some time from ``first`` to ``last``."""
    query = select(silences).where(silences.c.begins_at <= last, silences.c.ends_at > first)
    rows = conn.execute(query.order_by(silences.c.created_at, silences.c.id)).mappings()
    return [Silence.of(row) for row in rows]


def maintenance(conn: Connection, now: datetime) -> Callable[[Site], bool]:
    """Says which places are under maintenance at ``now``, or of a device that was revoked."""
    found = [one for one in covering(conn, now, now) if one.kind is Kind.MAINTENANCE]

    def under(site: Site) -> bool:
        told = Told(device=site.device, source=site.source, grid=site.grid)
        return any(one.matcher.matches(told) for one in found) or _is_revoked(conn, site.device)

    return under


def _is_revoked(conn: Connection, device: str) -> bool:
    query = select(devices.c.revoked_at).where(devices.c.device == device)
    return conn.scalar(query) is not None


def _row(one: Silence) -> dict[str, object]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "matcher": one.matcher.model_dump(mode="json", exclude_defaults=True),
        "begins_at": one.begins_at,
        "ends_at": one.ends_at,
        "author": one.author,
        "reason": one.reason,
        "created_at": one.created_at,
    }


def _shown(one: Silence) -> dict[str, object]:
    times = {"from": one.begins_at.isoformat(), "to": one.ends_at.isoformat()}
    matcher = one.matcher.model_dump(mode="json", exclude_defaults=True)
    return {"kind": one.kind.value, "matcher": matcher, "reason": one.reason, **times}
