"""What people wish and order of devices."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from hub_server.ledger.tables.columns import Seq, Utc, metadata

desired = Table(
    "desired",
    metadata,
    Column("device", ForeignKey("devices.device"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("base", JSON, nullable=False),  # as a person wrote it
    Column("config", JSON, nullable=False),  # as it is sent: with what is armed or disarmed
    Column("author", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", Utc, nullable=False),
    Column("state", String(16), nullable=False, server_default="waiting"),
    Column("errors", JSON, nullable=False, server_default="[]"),  # the device's own words
    Column("sent_at", Utc),  # the broker took it
    Column("answered_at", Utc),
)
arming = Table(
    "arming",
    metadata,
    Column("device", ForeignKey("devices.device"), primary_key=True),
    Column("camera", String(64), primary_key=True),
    Column("zone", String(64), primary_key=True),  # or line
    Column("patch", JSON, nullable=False),  # what is laid over the wished configuration
    Column("armed", Boolean, nullable=False),
    Column("until", Utc),  # empty: until somebody ends it
    Column("author", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
)
commands = Table(
    "commands",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("device", ForeignKey("devices.device"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("args", JSON, nullable=False),
    Column("author", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("sent_at", Utc),  # the broker took it
    Column("replied_at", Utc),
    Column("ok", Boolean),
    Column("result", JSON, nullable=False, server_default="{}"),
    Column("error", Text, nullable=False, server_default=""),
)
Index("ix_commands_device", commands.c.device, commands.c.created_at)
device_messages = Table(
    "device_messages",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("topic", String(512), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("retain", Boolean, nullable=False),
    Column("about", String(64), nullable=False),  # a wish's version, or a command's id
    Column("expires_at", Utc),
    sqlite_autoincrement=True,
)
Index("ix_device_messages_device", device_messages.c.device)
