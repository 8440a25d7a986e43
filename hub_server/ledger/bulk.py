"""Many rows into one table at the cost of their values: for what every message brings."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Dialect, Table, insert

Process = Callable[[object], object]


def insert_rows(
    conn: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Sequence[object]]
) -> None:
    """Insert ``rows``, whose values are those of the columns ``names``.

    As ``conn.execute(insert(table), …)``, which on SQLite costs several times the work of the
    database for each row.
    """
    if conn.dialect.name != "sqlite":
        conn.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    _insert(conn, table, names, rows, "")


def insert_new_rows(
    conn: Connection, table: Table, names: tuple[str, ...], rows: Sequence[Sequence[object]]
) -> None:
    """The same on SQLite, without those that a unique constraint refuses."""
    _insert(conn, table, names, rows, " ON CONFLICT DO NOTHING")


def _insert(
    conn: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[Sequence[object]],
    tail: str,
) -> None:
    text, processes = _prepared(conn.dialect, table, names)
    columns = [
        values if process is None else map(process, values)
        for process, values in zip(processes, zip(*rows, strict=True), strict=True)
    ]
    conn.exec_driver_sql(text + tail, list(zip(*columns, strict=True)))


@lru_cache(64)
def _prepared(
    dialect: Dialect, table: Table, names: tuple[str, ...]
) -> tuple[str, list[Process | None]]:
    columns = [table.c[name] for name in names]
    quoted = [dialect.identifier_preparer.format_column(column) for column in columns]
    marks = ", ".join("?" * len(columns))
    into = dialect.identifier_preparer.format_table(table)
    text = f"INSERT INTO {into} ({', '.join(quoted)}) VALUES ({marks})"  # noqa: S608 - our names
    return text, [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
