"""What people ask of the hub that runs, through the ledger: any process of it may answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from hub_server.ledger.tables import rule_requests

KEPT = 1000
"""Requests that stay for the record."""


class Kind(StrEnum):
    SWITCH = "switch"
    """Read the folder again and switch to it."""
    RETRY = "retry"
    """Try rules again that broke."""


@dataclass(frozen=True)
class Request:
    seq: int
    kind: Kind
    author: str
    note: str


@dataclass(frozen=True)
class Answer:
    """What the hub said; ``ok`` is None while it has not."""

    ok: bool | None
    text: str


def ask(conn: Connection, kind: Kind, author: str, note: str, now: datetime) -> int:
    """Ask; the number by which to look for the answer."""
    row = insert(rule_requests).values(kind=kind.value, author=author[:64], note=note, at=now)
    seq = int(conn.execute(row.returning(rule_requests.c.seq)).scalar_one())
    conn.execute(delete(rule_requests).where(rule_requests.c.seq <= seq - KEPT))
    return seq


def last_request(conn: Connection) -> int:
    """The number of the newest request; what comes after it is new to a process that starts."""
    return int(conn.scalar(select(func.max(rule_requests.c.seq))) or 0)


def requests_after(conn: Connection, seq: int) -> list[Request]:
    """What was asked since ``seq``, in order."""
    query = select(rule_requests).where(rule_requests.c.seq > seq).order_by(rule_requests.c.seq)
    return [
        Request(row["seq"], Kind(row["kind"]), row["author"], row["note"])
        for row in conn.execute(query).mappings()
    ]


def answer(conn: Connection, seq: int, ok: bool, text: str, now: datetime) -> None:
    """Answer ``seq``, unless another process of the hub did already."""
    here = (rule_requests.c.seq == seq) & rule_requests.c.done_at.is_(None)
    conn.execute(update(rule_requests).where(here).values(ok=ok, answer=text, done_at=now))


def answer_of(conn: Connection, seq: int) -> Answer:
    """What became of ``seq``."""
    row = conn.execute(select(rule_requests).where(rule_requests.c.seq == seq)).mappings().one()
    return Answer(row["ok"], row["answer"])
