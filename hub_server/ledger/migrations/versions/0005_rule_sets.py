"""Rule sets as versions, what people ask about them, and the clock the rules ran by."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Three tables of their own."""
    op.create_table(
        "rule_sets",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("time", _TIME, nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("fingerprints", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("switched_at", _TIME, nullable=False),
    )
    op.create_index("ix_rule_sets_switched", "rule_sets", ["switched_at"])
    op.create_table(
        "rule_requests",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("done_at", _TIME),
        sa.Column("ok", sa.Boolean()),
        sa.Column("answer", sa.Text(), nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "receiving",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column("first", _TIME, nullable=False),
        sa.Column("last", _TIME, nullable=False),
        sa.Column("since", _TIME),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Forget them."""
    for name in ("receiving", "rule_requests", "rule_sets"):
        op.drop_table(name)
