"""What is in an outbox's file, read beside a running agent."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from edge_agent.outbox.database import OutboxError


@dataclass(frozen=True)
class Report:
    """Figures of one epoch."""

    epoch: str
    minted: int
    """Messages ever made in this epoch."""
    waiting: int
    """Not yet taken by the broker."""
    unconfirmed: int
    """Taken by the broker; the hub has not said that it kept them."""
    dropped: int
    """Given up because the outbox was full or they were too old."""


def report(file: Path) -> Report:
    """The figures of the outbox in ``file``; opens it for reading only.

    Raises:
        OutboxError: there is none, or it cannot be read.
    """
    if not file.is_file():
        raise OutboxError(f"{file}: 代理还没有运行过 · the agent has not run yet")
    try:
        db = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return _read(db)
        finally:
            db.close()
    except sqlite3.Error as error:
        raise OutboxError(f"{file}: {error}") from error


def _read(db: sqlite3.Connection) -> Report:
    def number(query: str) -> int:
        row = db.execute(query).fetchone()
        return int(row[0] or 0) if row else 0

    return Report(
        epoch=str(db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]),
        minted=number("SELECT seq FROM sqlite_sequence WHERE name = 'rows'"),
        waiting=number("SELECT count(*) FROM rows WHERE sent = 0"),
        unconfirmed=number("SELECT count(*) FROM rows WHERE sent = 1"),
        dropped=number("SELECT sum(count) FROM dropped"),
    )
