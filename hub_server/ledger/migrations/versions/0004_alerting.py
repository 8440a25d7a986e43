"""Alerts have an end, may be held back, and state belongs to a community."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
_TIME = sa.DateTime(timezone=True)
_NEW: dict[str, sa.types.TypeEngine[Any]] = {
    "community": sa.String(32),
    "observation": sa.String(64),
    "labels": sa.JSON(),
    "ended_at": _TIME,
    "end_cause": sa.String(32),
    "held": sa.String(16),
    "held_by": sa.String(64),
}
_INDEXES = {
    "ix_alerts_rule": ["rule", "ended_at"],
    "ix_alerts_type": ["type", "ended_at"],
    "ix_alerts_open": ["device", "source", "ended_at"],
    "ix_alerts_incident": ["incident"],
    "ix_alerts_observation": ["observation"],
}


def upgrade() -> None:
    """Columns of alerts and of their state; the table of silences."""
    community = sa.Column("community", sa.String(32), server_default="", nullable=False)
    op.add_column("alert_state", community)
    op.create_index("ix_alert_state_community", "alert_state", ["community"])
    for name, kind in _NEW.items():
        default = None if name == "ended_at" else "{}" if name == "labels" else ""
        column = sa.Column(name, kind, server_default=default, nullable=default is None)
        op.add_column("alerts", column)
    # nothing says any more when the alerts of before ended: they are over
    op.execute("UPDATE alerts SET ended_at = fired_at, end_cause = 'unknown'")
    for name, columns in _INDEXES.items():
        op.create_index(name, "alerts", columns)
    held = sa.text("held != '' AND incident IS NULL AND ended_at IS NULL")
    op.create_index(
        "ix_alerts_held", "alerts", ["incident", "id"], sqlite_where=held, postgresql_where=held
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("matcher", sa.JSON(), nullable=False),
        sa.Column("begins_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("ended_by", sa.String(64), server_default="", nullable=False),
    )
    op.create_index("ix_silences_ends", "silences", ["ends_at"])


def downgrade() -> None:
    """Forget them."""
    op.drop_index("ix_silences_ends", "silences")
    op.drop_table("silences")
    for name in ("ix_alerts_held", *_INDEXES):
        op.drop_index(name, "alerts")
    for name in _NEW:
        op.drop_column("alerts", name)
    op.drop_index("ix_alert_state_community", "alert_state")
    op.drop_column("alert_state", "community")
