"""Cases, what was done to them, and their pictures."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from hub_server.ledger.tables.columns import Seq, Utc, metadata

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", String(32), nullable=False, unique=True),  # the case number people say
    Column("type", String(64), nullable=False),
    Column("code", String(8), nullable=False),
    Column("group_key", String(256), nullable=False),
    Column("state", String(32), nullable=False),
    Column("colour", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("grid", String(32), nullable=False),
    Column("device", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("reason", JSON, nullable=False),
    Column("occurred_at", Utc, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("due_at", Utc),
    Column("due_fault", String(64), nullable=False, server_default=""),  # why nobody can say
    Column("closed_at", Utc),
    Column("ended_at", Utc),  # when the observation ended
    Column("worker", String(64)),
    Column("check_result", String(16)),
    Column("rework_count", Integer, nullable=False, server_default="0"),
    Column("alert_count", Integer, nullable=False, server_default="1"),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("county_case", String(64)),
    Column("change", BigInteger, nullable=False),  # grows over all incidents with every change
)
Index(
    "one_open_incident",
    incidents.c.group_key,
    unique=True,
    sqlite_where=text("state NOT IN ('closed', 'not_accepted')"),
    postgresql_where=text("state NOT IN ('closed', 'not_accepted')"),
)
Index("ix_incidents_change", incidents.c.change)
Index("ix_incidents_group", incidents.c.group_key, incidents.c.opened_at)
steps = Table(
    "steps",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("incident", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("from_state", String(32), nullable=False),
    Column("to_state", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False),
    Column("key", String(64)),  # the tap's idempotency key
    UniqueConstraint("incident", "key"),
    sqlite_autoincrement=True,
)
pictures = Table(
    "pictures",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("device", String(64), nullable=False, server_default=""),
    Column("uploader", String(64), nullable=False, server_default=""),
    Column("received_at", Utc, nullable=False),
)
incident_pictures = Table(
    "incident_pictures",
    metadata,
    Column("incident", ForeignKey("incidents.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),  # may arrive after the event that names it
    Column("kind", String(16), primary_key=True),  # near, far, reference, handle_before, …
    Column("step", BigInteger),
)
