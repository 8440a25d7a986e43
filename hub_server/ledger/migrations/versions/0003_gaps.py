"""Received sequences of devices, what quarantine is asked to replay, incidents of observations."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each device and epoch; a mark on quarantined messages."""
    op.create_table(
        "sequences",
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("holes", sa.JSON(), nullable=False),
        sa.Column("oldest_hole", sa.DateTime(timezone=True)),
        sa.Column("newest_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device", "epoch"),
    )
    op.create_index("ix_sequences_oldest_hole", "sequences", ["oldest_hole"])
    op.add_column("quarantine", sa.Column("replay_at", sa.DateTime(timezone=True)))
    op.create_index("ix_quarantine_replay_at", "quarantine", ["replay_at"])
    op.create_index("ix_observations_incident", "observations", ["incident"])


def downgrade() -> None:
    """Nobody knows any more what did not come."""
    op.drop_index("ix_observations_incident", "observations")
    op.drop_index("ix_quarantine_replay_at", "quarantine")
    op.drop_column("quarantine", "replay_at")
    op.drop_index("ix_sequences_oldest_hole", "sequences")
    op.drop_table("sequences")
