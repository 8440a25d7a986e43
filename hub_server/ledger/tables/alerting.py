"""What rules remember, the alerts they gave, and what holds alerts back."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text, text

from hub_server.ledger.tables.columns import Utc, metadata

alert_state = Table(
    "alert_state",
    metadata,
    Column("rule", String(64), primary_key=True),
    Column("key", String(256), primary_key=True),
    Column("state", JSON, nullable=False),
    Column("community", String(32), nullable=False, server_default=""),  # empty: of the county
)
Index("ix_alert_state_community", alert_state.c.community)
alerts = Table(
    "alerts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("rules_version", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("colour", String(16), nullable=False),
    Column("device", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("grid", String(32), nullable=False),
    Column("time", Utc, nullable=False),  # event time
    Column("fired_at", Utc, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("reason", JSON, nullable=False),  # {"zh": …, "en": …, "values": {…}}
    Column("event_id", String(64), nullable=False, server_default=""),
    Column("incident", String(64)),
    Column("community", String(32), nullable=False, server_default=""),
    Column("observation", String(64), nullable=False, server_default=""),
    Column("labels", JSON, nullable=False, server_default="{}"),
    Column("ended_at", Utc),  # when its condition cleared
    Column("end_cause", String(32), nullable=False, server_default=""),
    Column("held", String(16), nullable=False, server_default=""),  # inhibited, silenced, …
    Column("held_by", String(64), nullable=False, server_default=""),  # that alert or silence
)
Index("ix_alerts_rule", alerts.c.rule, alerts.c.ended_at)
Index("ix_alerts_type", alerts.c.type, alerts.c.ended_at)
Index("ix_alerts_open", alerts.c.device, alerts.c.source, alerts.c.ended_at)
Index("ix_alerts_incident", alerts.c.incident)
Index("ix_alerts_observation", alerts.c.observation)
_HELD = text("held != '' AND incident IS NULL AND ended_at IS NULL")
Index("ix_alerts_held", alerts.c.incident, alerts.c.id, sqlite_where=_HELD, postgresql_where=_HELD)
silences = Table(
    "silences",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # silence, maintenance
    Column("matcher", JSON, nullable=False),  # field → value; all must match
    Column("begins_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
    Column("author", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("ended_by", String(64), nullable=False, server_default=""),  # who cut it short
)
Index("ix_silences_ends", silences.c.ends_at)
