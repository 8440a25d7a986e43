"""What people call a camera's zones."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A source's zones by name, with their names in both languages."""
    op.add_column("sources", sa.Column("zones", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("sources", "zones")
