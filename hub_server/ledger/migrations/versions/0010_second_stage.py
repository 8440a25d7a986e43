"""Rules over the alerts of a whole county, where several workers share it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Alerts on their way to the second stage, those it counted, and whose clock a row is."""
    op.create_table(
        "alerts_out",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("county", sa.String(32), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "alerts_counted",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at", _TIME, nullable=False),
    )
    op.create_index("ix_alerts_counted_at", "alerts_counted", ["at"])
    lane = sa.Column("lane", sa.String(16), server_default="", nullable=False)
    op.add_column("receiving", lane)


def downgrade() -> None:
    """Forget them."""
    with op.batch_alter_table("receiving") as table:
        table.drop_column("lane")
    op.drop_table("alerts_counted")
    op.drop_table("alerts_out")
