"""What is wished of devices: configurations, arming, commands, and what waits to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Four new tables, and why a case's time limit is not known."""
    fault = sa.Column("due_fault", sa.String(64), server_default="", nullable=False)
    op.add_column("incidents", fault)
    op.create_table(
        "desired",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("version", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("base", sa.JSON(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("state", sa.String(16), server_default="waiting", nullable=False),
        sa.Column("errors", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("sent_at", _TIME),
        sa.Column("answered_at", _TIME),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
    )
    op.create_table(
        "arming",
        sa.Column("device", sa.String(64), primary_key=True),
        sa.Column("camera", sa.String(64), primary_key=True),
        sa.Column("zone", sa.String(64), primary_key=True),
        sa.Column("patch", sa.JSON(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("until", _TIME),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
    )
    op.create_table(
        "commands",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
        sa.Column("replied_at", _TIME),
        sa.Column("ok", sa.Boolean()),
        sa.Column("result", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.device"]),
    )
    op.create_index("ix_commands_device", "commands", ["device", "created_at"])
    op.create_table(
        "device_messages",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(512), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("retain", sa.Boolean(), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("expires_at", _TIME),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_device_messages_device", "device_messages", ["device"])


def downgrade() -> None:
    """Forget what was wished; devices keep what they took."""
    for table in ("device_messages", "commands", "arming", "desired"):
        op.drop_table(table)
    op.drop_column("incidents", "due_fault")
