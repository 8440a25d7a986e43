"""The first tables, frozen as they were; what changes later is a migration of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_tables = sa.MetaData()
_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

sa.Table(
    "alert_state",
    _tables,
    sa.Column("rule", sa.String(length=64), nullable=False),
    sa.Column("key", sa.String(length=256), nullable=False),
    sa.Column("state", sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint("rule", "key"),
)
sa.Table(
    "alerts",
    _tables,
    sa.Column("id", sa.String(length=64), nullable=False),
    sa.Column("rule", sa.String(length=64), nullable=False),
    sa.Column("rules_version", sa.String(length=64), nullable=False),
    sa.Column("type", sa.String(length=64), nullable=False),
    sa.Column("colour", sa.String(length=16), nullable=False),
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("source", sa.String(length=64), nullable=False),
    sa.Column("zone", sa.String(length=64), nullable=False),
    sa.Column("grid", sa.String(length=32), nullable=False),
    sa.Column("time", _TIME, nullable=False),
    sa.Column("fired_at", _TIME, nullable=False),
    sa.Column("late", sa.Boolean(), nullable=False),
    sa.Column("reason", sa.JSON(), nullable=False),
    sa.Column("event_id", sa.String(length=64), server_default="", nullable=False),
    sa.Column("incident", sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint("id"),
)
sa.Table(
    "areas",
    _tables,
    sa.Column("code", sa.String(length=32), nullable=False),
    sa.Column("level", sa.String(length=16), nullable=False),
    sa.Column("zh", sa.String(length=64), nullable=False),
    sa.Column("en", sa.String(length=64), nullable=False),
    sa.Column("outline", sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint("code"),
)
sa.Table(
    "audit",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("at", _TIME, nullable=False),
    sa.Column("actor", sa.String(length=64), nullable=False),
    sa.Column("action", sa.String(length=64), nullable=False),
    sa.Column("object", sa.String(length=128), nullable=False),
    sa.Column("detail", sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint("seq"),
    sqlite_autoincrement=True,
)
sa.Table(
    "counters",
    _tables,
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("value", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "cursors",
    _tables,
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("position", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "devices",
    _tables,
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("county", sa.String(length=64), nullable=False),
    sa.Column("profile", sa.String(length=64), nullable=False),
    sa.Column("grid", sa.String(length=32), nullable=False),
    sa.Column("token_hash", sa.String(length=128), nullable=False),
    sa.Column("enrolled_at", _TIME, nullable=False),
    sa.Column("revoked_at", _TIME, nullable=True),
    sa.Column("state", sa.String(length=16), server_default="unknown", nullable=False),
    sa.Column("connection", sa.String(length=64), server_default="", nullable=False),
    sa.Column("last_seen", _TIME, nullable=True),
    sa.Column("health", sa.JSON(), nullable=True),
    sa.Column("reported", sa.JSON(), nullable=True),
    sa.PrimaryKeyConstraint("device"),
)
sa.Table(
    "inbox",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("id", sa.String(length=64), nullable=False),
    sa.Column("type", sa.String(length=64), nullable=False),
    sa.Column("subject", sa.String(length=64), nullable=False),
    sa.Column("time", _TIME, nullable=False),
    sa.Column("received_at", _TIME, nullable=False),
    sa.Column("epoch", sa.String(length=64), nullable=False),
    sa.Column("sequence", sa.BigInteger(), nullable=False),
    sa.Column("late", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
    sa.Column("payload", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("seq"),
    sa.UniqueConstraint("device", "id", name=op.f("uq_inbox_device")),
    sqlite_autoincrement=True,
)
sa.Table(
    "incidents",
    _tables,
    sa.Column("id", sa.String(length=64), nullable=False),
    sa.Column("number", sa.String(length=32), nullable=False),
    sa.Column("type", sa.String(length=64), nullable=False),
    sa.Column("code", sa.String(length=8), nullable=False),
    sa.Column("group_key", sa.String(length=256), nullable=False),
    sa.Column("state", sa.String(length=32), nullable=False),
    sa.Column("colour", sa.String(length=16), nullable=False),
    sa.Column("severity", sa.String(length=16), nullable=False),
    sa.Column("grid", sa.String(length=32), nullable=False),
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("source", sa.String(length=64), nullable=False),
    sa.Column("zone", sa.String(length=64), nullable=False),
    sa.Column("lat", sa.Float(), nullable=False),
    sa.Column("lon", sa.Float(), nullable=False),
    sa.Column("reason", sa.JSON(), nullable=False),
    sa.Column("occurred_at", _TIME, nullable=False),
    sa.Column("opened_at", _TIME, nullable=False),
    sa.Column("updated_at", _TIME, nullable=False),
    sa.Column("due_at", _TIME, nullable=True),
    sa.Column("closed_at", _TIME, nullable=True),
    sa.Column("ended_at", _TIME, nullable=True),
    sa.Column("worker", sa.String(length=64), nullable=True),
    sa.Column("check_result", sa.String(length=16), nullable=True),
    sa.Column("rework_count", sa.Integer(), server_default="0", nullable=False),
    sa.Column("alert_count", sa.Integer(), server_default="1", nullable=False),
    sa.Column("late", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
    sa.Column("county_case", sa.String(length=64), nullable=True),
    sa.Column("change", sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("number", name=op.f("uq_incidents_number")),
)
sa.Table(
    "leases",
    _tables,
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("holder", sa.String(length=128), nullable=False),
    sa.Column("until", _TIME, nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "nonces",
    _tables,
    sa.Column("nonce", sa.String(length=64), nullable=False),
    sa.Column("at", _TIME, nullable=False),
    sa.PrimaryKeyConstraint("nonce"),
)
sa.Table(
    "observations",
    _tables,
    sa.Column("id", sa.String(length=64), nullable=False),
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("source", sa.String(length=64), nullable=False),
    sa.Column("type", sa.String(length=64), nullable=False),
    sa.Column("zone", sa.String(length=64), nullable=False),
    sa.Column("started_at", _TIME, nullable=False),
    sa.Column("renewed_at", _TIME, nullable=False),
    sa.Column("ended_at", _TIME, nullable=True),
    sa.Column("cause", sa.String(length=64), server_default="", nullable=False),
    sa.Column("incident", sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint("id"),
)
sa.Table(
    "outbound",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("target", sa.String(length=64), nullable=False),
    sa.Column("incident", sa.String(length=64), server_default="", nullable=False),
    sa.Column("key", sa.String(length=128), nullable=False),
    sa.Column("payload", sa.JSON(), nullable=False),
    sa.Column("created_at", _TIME, nullable=False),
    sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
    sa.Column("next_at", _TIME, nullable=False),
    sa.Column("done_at", _TIME, nullable=True),
    sa.Column("failed_at", _TIME, nullable=True),
    sa.Column("error", sa.Text(), server_default="", nullable=False),
    sa.PrimaryKeyConstraint("seq"),
    sa.UniqueConstraint("target", "key", name=op.f("uq_outbound_target")),
    sqlite_autoincrement=True,
)
sa.Table(
    "pictures",
    _tables,
    sa.Column("sha256", sa.String(length=64), nullable=False),
    sa.Column("size", sa.Integer(), nullable=False),
    sa.Column("device", sa.String(length=64), server_default="", nullable=False),
    sa.Column("uploader", sa.String(length=64), server_default="", nullable=False),
    sa.Column("received_at", _TIME, nullable=False),
    sa.PrimaryKeyConstraint("sha256"),
)
sa.Table(
    "quarantine",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("received_at", _TIME, nullable=False),
    sa.Column("topic", sa.String(length=512), nullable=False),
    sa.Column("device", sa.String(length=64), server_default="", nullable=False),
    sa.Column("reason", sa.String(length=32), nullable=False),
    sa.Column("detail", sa.Text(), nullable=False),
    sa.Column("payload", sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint("seq"),
    sqlite_autoincrement=True,
)
sa.Table(
    "series",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("line", sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint("seq"),
    sqlite_autoincrement=True,
)
sa.Table(
    "tombstones",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("epoch", sa.String(length=64), nullable=False),
    sa.Column("lane", sa.String(length=16), nullable=False),
    sa.Column("first", sa.BigInteger(), nullable=False),
    sa.Column("last", sa.BigInteger(), nullable=False),
    sa.Column("count", sa.BigInteger(), nullable=False),
    sa.Column("cause", sa.String(length=64), nullable=False),
    sa.Column("received_at", _TIME, nullable=False),
    sa.PrimaryKeyConstraint("seq"),
)
sa.Table(
    "users",
    _tables,
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("role", sa.String(length=16), nullable=False),
    sa.Column("area", sa.String(length=32), nullable=False),
    sa.Column("zh", sa.String(length=64), nullable=False),
    sa.Column("en", sa.String(length=64), nullable=False),
    sa.Column("phone", sa.String(length=32), server_default="", nullable=False),
    sa.Column("password_hash", sa.String(length=256), nullable=False),
    sa.Column("disabled", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
    sa.PrimaryKeyConstraint("name"),
)
sa.Table(
    "incident_pictures",
    _tables,
    sa.Column("incident", sa.String(length=64), nullable=False),
    sa.Column("sha256", sa.String(length=64), nullable=False),
    sa.Column("kind", sa.String(length=16), nullable=False),
    sa.Column("step", sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(
        ["incident"],
        ["incidents.id"],
    ),
    sa.PrimaryKeyConstraint("incident", "sha256", "kind"),
)
sa.Table(
    "sources",
    _tables,
    sa.Column("device", sa.String(length=64), nullable=False),
    sa.Column("name", sa.String(length=64), nullable=False),
    sa.Column("kind", sa.String(length=16), nullable=False),
    sa.Column("zh", sa.String(length=64), nullable=False),
    sa.Column("en", sa.String(length=64), nullable=False),
    sa.Column("grid", sa.String(length=32), nullable=False),
    sa.Column("lat", sa.Float(), nullable=False),
    sa.Column("lon", sa.Float(), nullable=False),
    sa.ForeignKeyConstraint(
        ["device"],
        ["devices.device"],
    ),
    sa.PrimaryKeyConstraint("device", "name"),
)
sa.Table(
    "steps",
    _tables,
    sa.Column("seq", _SEQ, autoincrement=True, nullable=False),
    sa.Column("incident", sa.String(length=64), nullable=False),
    sa.Column("action", sa.String(length=32), nullable=False),
    sa.Column("from_state", sa.String(length=32), nullable=False),
    sa.Column("to_state", sa.String(length=32), nullable=False),
    sa.Column("actor", sa.String(length=64), nullable=False),
    sa.Column("at", _TIME, nullable=False),
    sa.Column("note", sa.Text(), server_default="", nullable=False),
    sa.Column("detail", sa.JSON(), nullable=False),
    sa.Column("key", sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(
        ["incident"],
        ["incidents.id"],
    ),
    sa.PrimaryKeyConstraint("seq"),
    sa.UniqueConstraint("incident", "key", name=op.f("uq_steps_incident")),
    sqlite_autoincrement=True,
)


def upgrade() -> None:
    _tables.create_all(op.get_bind())
    op.create_index("ix_incidents_change", "incidents", ["change"], unique=False)
    op.create_index("ix_incidents_group", "incidents", ["group_key", "opened_at"], unique=False)
    op.create_index(
        "one_open_incident",
        "incidents",
        ["group_key"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('closed', 'not_accepted')"),
        postgresql_where=sa.text("state NOT IN ('closed', 'not_accepted')"),
    )
    op.create_index(
        "ix_observations_open", "observations", ["ended_at", "renewed_at"], unique=False
    )
    op.create_index("ix_outbound_waiting", "outbound", ["target", "done_at", "seq"], unique=False)
    op.create_index(op.f("ix_steps_incident"), "steps", ["incident"], unique=False)


def downgrade() -> None:
    _tables.drop_all(op.get_bind())
