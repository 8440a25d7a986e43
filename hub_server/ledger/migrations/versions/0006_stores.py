"""Windows of the time series whose rollups must be made (again)."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A row for each window that points came into since its rollup was made."""
    op.create_table(
        "rollup_windows",
        sa.Column("store", sa.String(64), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("measurement", sa.String(64), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("marks", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("store", "level", "measurement", "start", "device"),
    )


def downgrade() -> None:
    """Rollups that were not made yet stay as they are."""
    op.drop_table("rollup_windows")
