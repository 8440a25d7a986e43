"""The sets of rules there were, and how the rules were run."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text

from hub_server.ledger.tables.columns import Seq, Utc, metadata

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("hash", String(64), primary_key=True),  # of the files' names and texts
    Column("author", String(64), nullable=False),
    Column("time", Utc, nullable=False),  # when it was first switched to
    Column("files", JSON, nullable=False),  # name → text
    Column("fingerprints", JSON, nullable=False),  # rule → hash of its condition and scope
    Column("note", Text, nullable=False, server_default=""),
    Column("switched_at", Utc, nullable=False),  # when it was last switched to
)
Index("ix_rule_sets_switched", rule_sets.c.switched_at)
rule_requests = Table(  # what people ask of the hub that runs: switch, retry
    "rule_requests",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Utc, nullable=False),
    Column("done_at", Utc),
    Column("ok", Boolean),
    Column("answer", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
receiving = Table(  # the clock the rules ran by, so that a replay can repeat absence
    "receiving",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("first", Utc, nullable=False),  # tick
    Column("last", Utc, nullable=False),  # tick known to have run
    Column("since", Utc),  # the hub received with its backlog read; null: it did not
    Column("lane", String(16), nullable=False, server_default=""),  # whose clock; empty: the hub's
    sqlite_autoincrement=True,
)
