"""The versions of the ledger: which sets were in force, by whom and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, RowMapping, select, update

from hub_server.ledger.tables import rule_sets
from hub_server.ledger.upsert import insert
from hub_server.rule_sets.reading import RuleSet

START, FOLDER, SIGNAL = NOBODY = ("start", "folder", "signal")
"""Authors of a switch that no person asked for by name."""


@dataclass(frozen=True)
class Version:
    """One row, without its texts: those are :func:`files_of`."""

    hash: str
    author: str
    time: datetime
    note: str
    switched_at: datetime
    fingerprints: Mapping[str, str]

    @classmethod
    def of(cls, row: RowMapping) -> Self:
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})


def record(conn: Connection, found: RuleSet, author: str, note: str, now: datetime) -> None:
    """``found`` is in force from ``now`` on; its first author and note stay."""
    values = {
        "hash": found.version,
        "author": author[:64],
        "time": now,
        "files": dict(found.files),
        "fingerprints": found.fingerprints(),
        "note": note,
        "switched_at": now,
    }
    row = insert(conn, rule_sets).values(**values)
    again = {"switched_at": now, "fingerprints": values["fingerprints"]}
    conn.execute(row.on_conflict_do_update(index_elements=["hash"], set_=again))


def sign(conn: Connection, version: str, author: str, note: str) -> None:
    """A person stands for a version that the hub took from its folder by itself."""
    here = (rule_sets.c.hash == version) & rule_sets.c.author.in_(NOBODY)
    conn.execute(update(rule_sets).where(here).values(author=author[:64], note=note))


def newest(conn: Connection) -> Version | None:
    """The set in force; None before the first."""
    return next(iter(read_versions(conn, 1)), None)


def read_versions(conn: Connection, limit: int = 100) -> list[Version]:
    """The sets, the one in force first."""
    order = (rule_sets.c.switched_at.desc(), rule_sets.c.time.desc())
    columns = [rule_sets.c[name] for name in Version.__dataclass_fields__]
    rows = conn.execute(select(*columns).order_by(*order).limit(limit)).mappings()
    return [Version.of(row) for row in rows]


def files_of(conn: Connection, version: str) -> Mapping[str, str]:
    """The texts of a version by their names; none where the ledger does not have it."""
    found = conn.scalar(select(rule_sets.c.files).where(rule_sets.c.hash == version))
    return dict(found or {})
