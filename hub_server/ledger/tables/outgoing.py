"""What goes out: notices and county messages."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from hub_server.ledger.tables.columns import Seq, Utc, metadata

outbound = Table(
    "outbound",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("target", String(64), nullable=False),  # county, or a notifier's name
    Column("incident", String(64), nullable=False, server_default=""),  # order kept within it
    Column("key", String(128), nullable=False),  # stable idempotency key
    Column("payload", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Utc, nullable=False),
    Column("done_at", Utc),
    Column("failed_at", Utc),  # given up: shown, never retried by itself
    Column("error", Text, nullable=False, server_default=""),
    UniqueConstraint("target", "key"),
    sqlite_autoincrement=True,
)
Index("ix_outbound_waiting", outbound.c.target, outbound.c.done_at, outbound.c.seq)
