"""The outbox's SQLite file: one connection, one writer at a time, every commit on the disk."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from linli_settings import ConfigError

_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rows (
    -- AUTOINCREMENT: the number of a deleted row is never given again
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    lane INTEGER NOT NULL,
    topic TEXT NOT NULL,
    body BLOB NOT NULL,
    size INTEGER NOT NULL,
    created_at REAL NOT NULL,              -- Unix time
    sent INTEGER NOT NULL DEFAULT 0,       -- the broker has it, the hub has not said so
    tries INTEGER NOT NULL DEFAULT 0,      -- how often it was handed to a broker
    retry_at REAL,                         -- monotonic time; NULL: due now
    boot TEXT,                             -- set while the row has no true time yet
    anchor REAL,
    dropped_lane TEXT,                     -- set for a tombstone
    dropped_cause TEXT
);
CREATE INDEX due ON rows (lane, retry_at, sequence);
CREATE INDEX oldest ON rows (lane, sequence);
CREATE INDEX aged ON rows (lane, created_at, sent);
CREATE INDEX tried ON rows (sequence) WHERE retry_at IS NOT NULL;
CREATE INDEX untimed ON rows (sequence) WHERE anchor IS NOT NULL;
CREATE INDEX tombstones ON rows (dropped_lane, dropped_cause) WHERE dropped_lane IS NOT NULL;
CREATE TABLE used (bytes INTEGER NOT NULL);
INSERT INTO used VALUES (0);
CREATE TRIGGER grown AFTER INSERT ON rows BEGIN
    UPDATE used SET bytes = bytes + new.size; END;
CREATE TRIGGER shrunk AFTER DELETE ON rows BEGIN
    UPDATE used SET bytes = bytes - old.size; END;
CREATE TRIGGER changed AFTER UPDATE OF size ON rows BEGIN
    UPDATE used SET bytes = bytes + new.size - old.size; END;
CREATE TABLE pictures (
    sha256 TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,             -- the event that names it
    size INTEGER NOT NULL,
    created_at REAL NOT NULL,
    retry_at REAL,
    done_at REAL                           -- remembered a while: an update names it again
) WITHOUT ROWID;
CREATE TABLE dropped (lane TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
"""


class OutboxError(Exception):
    """The outbox cannot keep a message now (disk full, file damaged); the caller must say so."""


class Database:
    """The file and its lock.

    Args:
        file: created, with its folder, when absent.
        source: the device's ``source`` attribute; a file belongs to one device for ever.
        mint_epoch: called once, when the file is new.

    Raises:
        ConfigError: the file belongs to another device or to a newer program.
        OutboxError: it cannot be opened or is damaged.
    """

    def __init__(self, file: Path, source: str, mint_epoch: Callable[[], str]) -> None:
        self.file = file
        self._lock = threading.RLock()
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _connect(file)
            with self.transaction() as db:
                _create(db, source, mint_epoch)
            self.epoch = self._meta("epoch")
        except sqlite3.Error as error:
            raise OutboxError(f"{file}: {error}") from error
        self._check(source)
        # what an earlier process sent is unconfirmed for this one
        with self.transaction() as db:
            db.execute("UPDATE rows SET sent = 0, retry_at = NULL WHERE retry_at IS NOT NULL")
            db.execute("UPDATE pictures SET retry_at = NULL WHERE retry_at IS NOT NULL")

    def _check(self, source: str) -> None:
        if (found := self._meta("source")) != source:
            fix = "give this device its own data_dir, or name it as before"
            raise ConfigError.one(self.file, "device", f"the outbox of {source}", found, fix)
        if (version := self._meta("version")) != str(_VERSION):
            fix = "install the program that wrote it, or a newer one"
            raise ConfigError.one(self.file, "version", str(_VERSION), version, fix)

    def _meta(self, name: str) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0])

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone, for queries that change nothing.

        Raises:
            OutboxError: SQLite could not answer.
        """
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise OutboxError(f"{self.file}: {error}") from error

    @contextmanager
    def transaction(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """The connection, alone; commits at the end, rolls back when the body raises.

        Args:
            durable: on the disk when this returns. Without it a power cut may undo the commit until
                a durable one has followed: for what the hub has, or would only see once more.

        Raises:
            OutboxError: SQLite could not do or commit it.
        """
        with self._lock:
            try:
                with self._as_durable(durable):
                    self._connection.execute("BEGIN IMMEDIATE")
                    try:
                        yield self._connection
                        self._connection.execute("COMMIT")
                    finally:
                        if self._connection.in_transaction:
                            self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise OutboxError(f"{self.file}: {error}") from error

    @contextmanager
    def _as_durable(self, durable: bool) -> Iterator[None]:
        if durable:
            yield
            return
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(file: Path) -> sqlite3.Connection:
    # the lock above makes one connection safe for all threads
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 4000000")
    return connection


def _create(db: sqlite3.Connection, source: str, mint_epoch: Callable[[], str]) -> None:
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return
    statement = ""
    for line in _SCHEMA.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    meta = [("epoch", mint_epoch()), ("source", source), ("version", str(_VERSION))]
    db.executemany("INSERT INTO meta VALUES (?, ?)", meta)
