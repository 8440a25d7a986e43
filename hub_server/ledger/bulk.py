"""Many rows into one table at the cost of their values: for what every message brings.

SQLAlchemy's own statements cost several times the work of SQLite for each row, so there the rows
go to the driver as they are; PostgreSQL gets SQLAlchemy's statements, which send many at once.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Dialect, Table, and_, bindparam, insert, update

from hub_server.ledger.upsert import put

Names = tuple[str, ...]
Rows = Sequence[Sequence[object]]
Process = Callable[[object], object]


def insert_rows(conn: Connection, table: Table, names: Names, rows: Rows) -> None:
    """Insert ``rows``, whose values are those of the columns ``names``."""
    if _is_sqlite(conn):
        _run(conn, table, names, rows, _insert_text(conn.dialect, table, names))
    else:
        conn.execute(insert(table), _named(names, rows))


def insert_new_rows(conn: Connection, table: Table, names: Names, rows: Rows) -> int:
    """The same on SQLite, without those that a unique constraint refuses; how many went in."""
    text = _insert_text(conn.dialect, table, names) + " ON CONFLICT DO NOTHING"
    return _run(conn, table, names, rows, text)


def upsert_rows(conn: Connection, table: Table, keys: Names, names: Names, rows: Rows) -> None:
    """Insert ``rows``, or change the columns ``names`` of those whose ``keys`` are there already.

    A row's values are those of ``keys``, then those of ``names``.
    """
    if _is_sqlite(conn):
        text = _upsert_text(conn.dialect, table, keys, names)
        _run(conn, table, keys + names, rows, text)
        return
    conn.execute(put(conn, table, keys, names), _named(keys + names, rows))


def update_rows(conn: Connection, table: Table, keys: Names, names: Names, rows: Rows) -> None:
    """Change the columns ``names`` of the rows with these ``keys``; values as above."""
    if _is_sqlite(conn):
        _run(conn, table, keys + names, rows, _update_text(conn.dialect, table, keys, names))
        return
    # a column's own name is taken by the value it gets
    here = and_(*(table.c[key] == bindparam(f"_{key}") for key in keys))
    marks = tuple(f"_{name}" for name in keys + names)
    new = update(table).values({table.c[name]: bindparam(f"_{name}") for name in names})
    conn.execute(new.where(here), _named(marks, rows))


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def _named(names: Names, rows: Rows) -> list[dict[str, object]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _run(conn: Connection, table: Table, names: Names, rows: Rows, text: str) -> int:
    """Run ``text`` for each of ``rows``; how many rows of the table it changed."""
    columns = [
        values if process is None else map(process, values)
        for process, values in zip(
            _processes(conn.dialect, table, names), zip(*rows, strict=True), strict=True
        )
    ]
    return conn.exec_driver_sql(text, list(zip(*columns, strict=True))).rowcount


@lru_cache(64)
def _processes(dialect: Dialect, table: Table, names: Names) -> list[Process | None]:
    """What makes a column's value one of the driver's; None where it is one as it is."""
    kinds = [table.c[name].type for name in names]
    return [kind.dialect_impl(dialect).bind_processor(dialect) for kind in kinds]


@lru_cache(64)
def _insert_text(dialect: Dialect, table: Table, names: Names) -> str:
    into, columns = dialect.identifier_preparer.format_table(table), _quoted(dialect, table, names)
    marks = ", ".join(f"?{place}" for place in range(1, len(names) + 1))
    return f"INSERT INTO {into} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names


@lru_cache(64)
def _upsert_text(dialect: Dialect, table: Table, keys: Names, names: Names) -> str:
    new = ", ".join(f"{name} = excluded.{name}" for name in _quoted(dialect, table, names))
    there = ", ".join(_quoted(dialect, table, keys))
    text = _insert_text(dialect, table, keys + names)
    return f"{text} ON CONFLICT ({there}) DO UPDATE SET {new}"


@lru_cache(64)
def _update_text(dialect: Dialect, table: Table, keys: Names, names: Names) -> str:
    columns = enumerate(_quoted(dialect, table, keys + names), 1)
    parts = [f"{column} = ?{place}" for place, column in columns]
    here, new = " AND ".join(parts[: len(keys)]), ", ".join(parts[len(keys) :])
    where = dialect.identifier_preparer.format_table(table)
    return f"UPDATE {where} SET {new} WHERE {here}"  # noqa: S608 - our names


def _quoted(dialect: Dialect, table: Table, names: Names) -> list[str]:
    return [dialect.identifier_preparer.format_column(table.c[name]) for name in names]
