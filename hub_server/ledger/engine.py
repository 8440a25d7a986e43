"""The ledger's door: one writer at a time, every write one transaction.

SQLite runs in WAL with ``synchronous=FULL``: what is committed survives a power cut. A write
begins IMMEDIATE, so it takes the lock before it reads and never fails half way on an upgrade.
PostgreSQL gets the same promise from one advisory lock that every write takes first. Workers that
share a ledger write their partitions side by side: such a write (:meth:`Ledger.write` with a
``lane``) takes that lock together with others of its kind, and one at a time only from where it
changes incidents (:func:`in_turn`). See docs/decisions/0014-one-ledger-many-workers.md.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from time import monotonic

import msgspec
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from hub_server.metrics.meter import Meter
from linli_settings import ConfigError
from linli_settings.errors import SETTINGS

BUSY_TIMEOUT_S = 10
_MIGRATIONS = Path(__file__).with_name("migrations")
STANDSTILL_S = 4
"""PostgreSQL ends a write whose program stood still that long: its locks hold up all others.

A program that stops may have a second write in the queue, which gets the lock after the first one
was ended: twice this time passes until others go on. It must be less than a takeover may take."""
_BUSY = "linli_ledger_busy_total"
_WRITE = "linli_write"
_LANE = "linli_lane"
_LOCK, _TURN = 330899, 330900
"""Numbers of the advisory locks; any serve that no other program takes in this database."""


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_JSON: dict[str, Callable[..., object]] = {
    "json_serializer": _to_json,
    "json_deserializer": msgspec.json.decode,
}
"""Of JSON columns: several times as fast as the standard library's."""


class LedgerBusyError(RuntimeError):
    """Another write of this process did not end within :data:`BUSY_TIMEOUT_S`."""


class Ledger:
    """One database. Thread-safe; a connection belongs to the block that opened it."""

    def __init__(self, engine: Engine, meter: Meter | None = None) -> None:
        # a SQLite read is a snapshot as it is; PostgreSQL's default sees each commit at once
        snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._engine = engine.execution_options(**snapshot)
        self._writer = engine.execution_options(**{_WRITE: True})
        self._many = engine.dialect.name == "postgresql"
        self._lock = threading.Lock()
        self.meter = meter or Meter()
        """Of this process, or its own."""
        self.meter.count(_BUSY, n=0)
        self._waits = self.meter.histogram("linli_ledger_write_wait_seconds")

    @property
    def url(self) -> URL:
        return self._engine.url

    @contextmanager
    def write(self, lane: str = "") -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Args:
            lane: on PostgreSQL, writes that name a lane run beside those of other lanes. They
                change only rows that are their lane's own, or take their turn (:func:`in_turn`).

        Raises:
            LedgerBusyError: another write of this process holds on for longer than 10 s,
                or this thread already writes (a write inside a write can never end).
        """
        began = monotonic()
        if lane and self._many:
            with self._begun(self._writer.execution_options(**{_LANE: lane}), began) as conn:
                yield conn
            return
        if not self._lock.acquire(timeout=BUSY_TIMEOUT_S):
            self.meter.count(_BUSY)
            raise LedgerBusyError(f"no write slot within {BUSY_TIMEOUT_S} s")
        try:
            with self._begun(self._writer, began) as conn:
                yield conn
        finally:
            self._lock.release()

    @contextmanager
    def _begun(self, writer: Engine, began: float) -> Iterator[Connection]:
        """The transaction; how long it was waited for is noted."""
        with ExitStack() as stack:
            try:
                conn = stack.enter_context(writer.begin())
            except OperationalError:  # another process holds on, or the ledger is away
                self.meter.count(_BUSY)
                raise
            self._waits.add(monotonic() - began)
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot until the block ends."""
        with self._engine.connect() as conn:
            yield conn

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables to this version, or to ``revision``; does nothing when they are."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.write() as conn:
            config.attributes["connection"] = conn
            command.upgrade(config, revision)

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def lane_of(conn: Connection) -> str:
    """The lane that a write named; empty for one that is alone."""
    return str(conn.get_execution_options().get(_LANE, ""))


def in_turn(conn: Connection) -> None:
    """Wait for the writes of other lanes that change incidents, until each has committed.

    Call it before reading what decides such a change. Where a write is alone it costs nothing.
    """
    if lane_of(conn):
        conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")


def open_ledger(url: str, meter: Meter | None = None) -> Ledger:
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
        return Ledger(_sqlite(parsed), meter)
    if kind == "postgresql":
        if parsed.password or "password" in parsed.query:
            expected, fix = (
                "an address without password",
                "?passfile=/path/to/pgpass",
            )
            raise ConfigError.one(SETTINGS, "ledger.url", expected, "one with it (hidden)", fix)
        return Ledger(_postgresql(parsed), meter)
    found = parsed.render_as_string(hide_password=True)
    raise ConfigError.one(SETTINGS, "ledger.url", expected, repr(found))


def _postgresql(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, **_JSON)
    event.listen(engine, "begin", _lock_writes)
    return engine


def _lock_writes(conn: Connection) -> None:
    if conn.get_execution_options().get(_WRITE, False):
        lock = "pg_advisory_xact_lock_shared" if lane_of(conn) else "pg_advisory_xact_lock"
        conn.exec_driver_sql(
            f"SELECT set_config('lock_timeout', '{BUSY_TIMEOUT_S}s', true),"
            f" set_config('idle_in_transaction_session_timeout', '{STANDSTILL_S}s', true),"
            f" {lock}({_LOCK})"
        )


def _sqlite(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S}, **_JSON)
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
