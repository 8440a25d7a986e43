"""Which process holds what."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from hub_server.ledger.tables.columns import Utc, metadata

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
