"""A row of the time series holds all lines of a message."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The rows of before hold one line each."""
    op.add_column("series", sa.Column("points", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    """A row for each line again; they keep their order among each other, as new rows."""
    bind = op.get_bind()
    old = sa.table("series", sa.column("seq"), sa.column("line"), sa.column("points"))
    several = bind.execute(sa.select(old).where(old.c.points > 1).order_by(old.c.seq)).all()
    for seq, text, _ in several:
        bind.execute(sa.insert(old), [{"line": line} for line in text.split("\n")])
        bind.execute(sa.delete(old).where(old.c.seq == seq))
    op.drop_column("series", "points")
