"""Insert that may meet a row already there, for both databases the ledger runs on."""

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

Insert = sqlite.Insert | postgresql.Insert


def insert(conn: Connection, table: Table) -> Insert:
    """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return _insert(conn.dialect.name, table)


def put(
    conn: Connection,
    table: Table,
    keys: tuple[str, ...],
    fields: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
    back: tuple[str, ...] = (),
) -> ReturningInsert[tuple[object, ...]] | Insert:
    """An INSERT of rows given as parameters; it is made once: that costs more than to run it.

    Args:
        keys: a row that has these already stays, but for what comes next.
        fields: take the new value.
        more: the new value is added to them.
        back: columns that it returns.
    """
    return _put(conn.dialect.name, table, keys, fields, more, back)


def _insert(dialect: str, table: Table) -> Insert:
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


@lru_cache(64)
def _put(
    dialect: str,
    table: Table,
    keys: tuple[str, ...],
    fields: tuple[str, ...],
    more: tuple[str, ...],
    back: tuple[str, ...],
) -> ReturningInsert[tuple[object, ...]] | Insert:
    row = _insert(dialect, table)
    new: dict[str, ColumnElement[Any]] = {name: row.excluded[name] for name in fields}
    new |= {name: table.c[name] + row.excluded[name] for name in more}
    if new:
        row = row.on_conflict_do_update(index_elements=keys, set_=new)
    else:
        row = row.on_conflict_do_nothing(index_elements=keys)
    return row.returning(*(table.c[name] for name in back)) if back else row
