"""The ledger's door: one writer at a time, every write one transaction.

SQLite runs in WAL with ``synchronous=FULL``: what is committed survives a power cut. A write
begins IMMEDIATE, so it takes the lock before it reads and never fails half way on an upgrade.
PostgreSQL gets the same promise from one advisory lock that every write takes first.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from linli_settings import ConfigError
from linli_settings.errors import SETTINGS

BUSY_TIMEOUT_S = 10
_MIGRATIONS = Path(__file__).with_name("migrations")
_WRITE = "linli_write"
_LOCK = 330899
"""Number of the advisory lock; any number serves that no other program takes in this database."""


class LedgerBusyError(RuntimeError):
    """Another write of this process did not end within :data:`BUSY_TIMEOUT_S`."""


class Ledger:
    """One database. Thread-safe; a connection belongs to the block that opened it."""

    def __init__(self, engine: Engine) -> None:
        # a SQLite read is a snapshot as it is; PostgreSQL's default sees each commit at once
        snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._engine = engine.execution_options(**snapshot)
        self._writer = engine.execution_options(**{_WRITE: True})
        self._lock = threading.Lock()

    @property
    def url(self) -> URL:
        return self._engine.url

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises:
            LedgerBusyError: another write of this process holds on for longer than 10 s,
                or this thread already writes (a write inside a write can never end).
        """
        if not self._lock.acquire(timeout=BUSY_TIMEOUT_S):
            raise LedgerBusyError(f"no write slot within {BUSY_TIMEOUT_S} s")
        try:
            with self._writer.begin() as conn:
                yield conn
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot until the block ends."""
        with self._engine.connect() as conn:
            yield conn

    def migrate(self) -> None:
        """Bring the tables to this version; does nothing when they are."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.write() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, "head")

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def open_ledger(url: str) -> Ledger:
    """The ledger at ``url``: ``sqlite:////var/lib/linli/ledger.sqlite`` or ``postgresql+psycopg://…``.

    Raises:
        ConfigError: the address is none of a database this program runs on.
    """
    expected = "sqlite:///<file> or postgresql+psycopg://<user>@<host>/<database>"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError.one(SETTINGS, "ledger.url", expected, "no database address") from None
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return Ledger(_sqlite(parsed))
    if kind == "postgresql":
        if parsed.password or "password" in parsed.query:
            expected, fix = (
                "an address without password",
                "?passfile=/path/to/pgpass",
            )
            raise ConfigError.one(SETTINGS, "ledger.url", expected, "one with it (hidden)", fix)
        return Ledger(_postgresql(parsed))
    found = parsed.render_as_string(hide_password=True)
    raise ConfigError.one(SETTINGS, "ledger.url", expected, repr(found))


def _postgresql(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)
    event.listen(engine, "begin", _lock_writes)
    return engine


def _lock_writes(conn: Connection) -> None:
    if conn.get_execution_options().get(_WRITE, False):
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT_S}s'")
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _sqlite(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: SqliteConnection, _record: ConnectionPoolEntry) -> None:
    # sqlite3 would begin (deferred) by itself and commit before a SAVEPOINT; we say BEGIN.
    raw.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        raw.execute(f"PRAGMA {pragma}")


def _begin(conn: Connection) -> None:
    immediate = conn.get_execution_options().get(_WRITE, False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
