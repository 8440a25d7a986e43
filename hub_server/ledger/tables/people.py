"""Who may do what, and who did."""

from sqlalchemy import JSON, Boolean, Column, String, Table, text

from hub_server.ledger.tables.columns import Seq, Utc, metadata

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),  # worker, operator, technician, admin
    Column("area", String(32), nullable=False),  # sees codes that start with it
    Column("zh", String(64), nullable=False),
    Column("en", String(64), nullable=False),
    Column("phone", String(32), nullable=False, server_default=""),
    Column("password_hash", String(256), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
)
audit = Table(
    "audit",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(128), nullable=False),
    Column("detail", JSON, nullable=False),
    sqlite_autoincrement=True,
)
nonces = Table(
    "nonces",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)
