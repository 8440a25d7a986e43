"""Which process holds what, and what workers hand to each other."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from hub_server.ledger.tables.columns import Seq, Utc, metadata

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("until", Utc, nullable=False),
)
partitions = Table(  # of the event log beyond one machine
    "partitions",
    metadata,
    Column("topic", String(128), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),  # grows with every worker that takes it
    Column("position", BigInteger, nullable=False),  # the next offset to read
    Column("holder", String(128), nullable=False),
    Column("taken_at", Utc, nullable=False),
)
alerts_out = Table(  # on their way to the second stage, until Kafka has them
    "alerts_out",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False),  # of the alert
    Column("lane", String(16), nullable=False),  # of the partition that fired it
    Column("county", String(32), nullable=False),  # the record's key
    Column("payload", JSON, nullable=False),  # hub_server.alerting.inputs.AlertInput
    Column("created_at", Utc, nullable=False),
    sqlite_autoincrement=True,
)
alerts_counted = Table(  # alerts the second stage has taken in
    "alerts_counted",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)
Index("ix_alerts_counted_at", alerts_counted.c.at)
