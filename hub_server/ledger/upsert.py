"""Insert that may meet a row already there, for both databases the ledger runs on."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert


def insert(conn: Connection, table: Table) -> Insert:
    """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    kind = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    return kind(table)
