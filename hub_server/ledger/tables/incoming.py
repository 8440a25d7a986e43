"""What came in: messages, what was refused or lost, observations that go on."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hub_server.ledger.tables.columns import Seq, Utc, metadata

inbox = Table(
    "inbox",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("id", String(64), nullable=False),
    Column("type", String(64), nullable=False),  # the envelope's
    Column("subject", String(64), nullable=False),
    Column("time", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("payload", LargeBinary, nullable=False),  # the original bytes
    UniqueConstraint("device", "id"),
    sqlite_autoincrement=True,
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("received_at", Utc, nullable=False),
    Column("topic", String(512), nullable=False),
    Column("device", String(64), nullable=False, server_default=""),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("replay_at", Utc),  # when somebody asked to put it through the pipeline again
    sqlite_autoincrement=True,
)
Index("ix_quarantine_replay_at", quarantine.c.replay_at)
sequences = Table(
    "sequences",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("holes", JSON, nullable=False),  # [[first, last, "since"], …]: what did not come yet
    Column("oldest_hole", Utc),
    Column("newest_at", Utc, nullable=False),
)
Index("ix_sequences_oldest_hole", sequences.c.oldest_hole)
tombstones = Table(
    "tombstones",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("cause", String(64), nullable=False),
    Column("received_at", Utc, nullable=False),
)
observations = Table(
    "observations",
    metadata,
    Column("id", String(64), primary_key=True),  # of the observation, not of its messages
    Column("device", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("renewed_at", Utc, nullable=False),  # the hub's time of the newest message
    Column("ended_at", Utc),
    Column("cause", String(64), nullable=False, server_default=""),
    Column("incident", String(64)),
)
Index("ix_observations_open", observations.c.ended_at, observations.c.renewed_at)
Index("ix_observations_incident", observations.c.incident)
counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),  # received, stored, duplicates, …
    Column("value", BigInteger, nullable=False),
)
