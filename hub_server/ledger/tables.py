"""The ledger's tables. Times are UTC; ``seq`` columns only grow, so cursors can follow them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

_TEXT = len("2026-11-22 08:00:00.000000")


def _sqlite_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"time: expected an aware datetime, got {value!r}")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:_TEXT]


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"time: expected an aware datetime, got {value!r}")
        return value.astimezone(UTC) if value else None

    def bind_processor(
        self, dialect: Dialect
    ) -> Callable[[datetime | None], datetime | str | None] | None:
        # as SQLAlchemy's own type writes it on SQLite, at a fraction of the time
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite counts up by itself only in a column that is exactly INTEGER PRIMARY KEY.
Seq = BigInteger().with_variant(Integer, "sqlite")
metadata = MetaData(
    naming_convention={"ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s"}
)

# ------------------------------------------------------------------ registry
areas = Table(
    "areas",
    metadata,
    Column("code", String(32), primary_key=True),  # a prefix of every code inside it
    Column("level", String(16), nullable=False),  # county, town, community, grid
    Column("zh", String(64), nullable=False),
    Column("en", String(64), nullable=False),
    Column("outline", JSON, nullable=False),  # WGS-84 ring [[lon, lat], …], may be []
)
devices = Table(
    "devices",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("county", String(64), nullable=False),
    Column("profile", String(64), nullable=False),
    Column("grid", String(32), nullable=False),
    Column("token_hash", String(128), nullable=False),  # of the HTTPS token for pictures
    Column("enrolled_at", Utc, nullable=False),
    Column("revoked_at", Utc),
    Column("state", String(16), nullable=False, server_default="unknown"),  # online, offline
    Column("connection", String(64), nullable=False, server_default=""),
    Column("last_seen", Utc),
    Column("health", JSON),
    Column("reported", JSON),  # the twin's reported configuration
)
sources = Table(
    "sources",
    metadata,
    Column("device", ForeignKey("devices.device"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),  # camera, sensor
    Column("zh", String(64), nullable=False),
    Column("en", String(64), nullable=False),
    Column("grid", String(32), nullable=False),
    Column("lat", Float, nullable=False),  # WGS-84
    Column("lon", Float, nullable=False),
    Column("zones", JSON, nullable=False, server_default="{}"),  # name → {"zh": …, "en": …}
)
users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),  # worker, operator, technician, admin
    Column("area", String(32), nullable=False),  # sees codes that start with it
    Column("zh", String(64), nullable=False),
    Column("en", String(64), nullable=False),
    Column("phone", String(32), nullable=False, server_default=""),
    Column("password_hash", String(256), nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
)

# ------------------------------------------------------------------ what came in
inbox = Table(
    "inbox",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("id", String(64), nullable=False),
    Column("type", String(64), nullable=False),  # the envelope's
    Column("subject", String(64), nullable=False),
    Column("time", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("payload", LargeBinary, nullable=False),  # the original bytes
    UniqueConstraint("device", "id"),
    sqlite_autoincrement=True,
)
quarantine = Table(
    "quarantine",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("received_at", Utc, nullable=False),
    Column("topic", String(512), nullable=False),
    Column("device", String(64), nullable=False, server_default=""),
    Column("reason", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("replay_at", Utc),  # when somebody asked to put it through the pipeline again
    sqlite_autoincrement=True,
)
Index("ix_quarantine_replay_at", quarantine.c.replay_at)
sequences = Table(
    "sequences",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("epoch", String(64), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("holes", JSON, nullable=False),  # [[first, last, "since"], …]: what did not come yet
    Column("oldest_hole", Utc),
    Column("newest_at", Utc, nullable=False),
)
Index("ix_sequences_oldest_hole", sequences.c.oldest_hole)
tombstones = Table(
    "tombstones",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("epoch", String(64), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("cause", String(64), nullable=False),
    Column("received_at", Utc, nullable=False),
)
observations = Table(
    "observations",
    metadata,
    Column("id", String(64), primary_key=True),  # of the observation, not of its messages
    Column("device", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("type", String(64), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("renewed_at", Utc, nullable=False),  # the hub's time of the newest message
    Column("ended_at", Utc),
    Column("cause", String(64), nullable=False, server_default=""),
    Column("incident", String(64)),
)
Index("ix_observations_open", observations.c.ended_at, observations.c.renewed_at)
Index("ix_observations_incident", observations.c.incident)
counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),  # received, stored, duplicates, …
    Column("value", BigInteger, nullable=False),
)

# ------------------------------------------------------------------ alerting
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

# ------------------------------------------------------------------ rule sets
rule_sets = Table(
    "rule_sets",
    metadata,
    Column("hash", String(64), primary_key=True),  # of the files' names and texts
    Column("author", String(64), nullable=False),
    Column("time", Utc, nullable=False),  # when it was first switched to
    Column("files", JSON, nullable=False),  # name → text
    Column("fingerprints", JSON, nullable=False),  # rule → hash of its condition and scope
    Column("note", Text, nullable=False, server_default=""),
    Column("switched_at", Utc, nullable=False),  # when it was last switched to
)
Index("ix_rule_sets_switched", rule_sets.c.switched_at)
rule_requests = Table(  # what people ask of the hub that runs: switch, retry
    "rule_requests",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("at", Utc, nullable=False),
    Column("done_at", Utc),
    Column("ok", Boolean),
    Column("answer", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
receiving = Table(  # the clock the rules ran by, so that a replay can repeat absence
    "receiving",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("first", Utc, nullable=False),  # tick
    Column("last", Utc, nullable=False),  # tick known to have run
    Column("since", Utc),  # the hub received with its backlog read; null: it did not
    sqlite_autoincrement=True,
)

# ------------------------------------------------------------------ incidents
incidents = Table(
    "incidents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("number", String(32), nullable=False, unique=True),  # the case number people say
    Column("type", String(64), nullable=False),
    Column("code", String(8), nullable=False),
    Column("group_key", String(256), nullable=False),
    Column("state", String(32), nullable=False),
    Column("colour", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("grid", String(32), nullable=False),
    Column("device", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("reason", JSON, nullable=False),
    Column("occurred_at", Utc, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
    Column("due_at", Utc),
    Column("due_fault", String(64), nullable=False, server_default=""),  # why nobody can say
    Column("closed_at", Utc),
    Column("ended_at", Utc),  # when the observation ended
    Column("worker", String(64)),
    Column("check_result", String(16)),
    Column("rework_count", Integer, nullable=False, server_default="0"),
    Column("alert_count", Integer, nullable=False, server_default="1"),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("county_case", String(64)),
    Column("change", BigInteger, nullable=False),  # grows over all incidents with every change
)
Index(
    "one_open_incident",
    incidents.c.group_key,
    unique=True,
    sqlite_where=text("state NOT IN ('closed', 'not_accepted')"),
    postgresql_where=text("state NOT IN ('closed', 'not_accepted')"),
)
Index("ix_incidents_change", incidents.c.change)
Index("ix_incidents_group", incidents.c.group_key, incidents.c.opened_at)
steps = Table(
    "steps",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("incident", ForeignKey("incidents.id"), nullable=False, index=True),
    Column("action", String(32), nullable=False),
    Column("from_state", String(32), nullable=False),
    Column("to_state", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("detail", JSON, nullable=False),
    Column("key", String(64)),  # the tap's idempotency key
    UniqueConstraint("incident", "key"),
    sqlite_autoincrement=True,
)
pictures = Table(
    "pictures",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("device", String(64), nullable=False, server_default=""),
    Column("uploader", String(64), nullable=False, server_default=""),
    Column("received_at", Utc, nullable=False),
)
incident_pictures = Table(
    "incident_pictures",
    metadata,
    Column("incident", ForeignKey("incidents.id"), primary_key=True),
    Column("sha256", String(64), primary_key=True),  # may arrive after the event that names it
    Column("kind", String(16), primary_key=True),  # near, far, reference, handle_before, …
    Column("step", BigInteger),
)

# ------------------------------------------------------------------ what goes out
outbound = Table(
    "outbound",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("target", String(64), nullable=False),  # county, or a notifier's name
    Column("incident", String(64), nullable=False, server_default=""),  # order kept within it
    Column("key", String(128), nullable=False),  # stable idempotency key
    Column("payload", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Utc, nullable=False),
    Column("done_at", Utc),
    Column("failed_at", Utc),  # given up: shown, never retried by itself
    Column("error", Text, nullable=False, server_default=""),
    UniqueConstraint("target", "key"),
    sqlite_autoincrement=True,
)
Index("ix_outbound_waiting", outbound.c.target, outbound.c.done_at, outbound.c.seq)
series = Table(
    "series",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("line", Text, nullable=False),  # one line of line protocol
    sqlite_autoincrement=True,
)
cursors = Table(
    "cursors",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
)
rollup_windows = Table(  # windows that points came into since their rollup was made
    "rollup_windows",
    metadata,
    Column("store", String(64), primary_key=True),
    Column("level", String(8), primary_key=True),  # of the rollup: 10m, 1h
    Column("measurement", String(64), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # s since 1970
    Column("device", String(64), primary_key=True),  # empty: of every device
    Column("marks", BigInteger, nullable=False, server_default="1"),  # grows with each
)

# ------------------------------------------------------------------ what is wished of devices
desired = Table(
    "desired",
    metadata,
    Column("device", ForeignKey("devices.device"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("base", JSON, nullable=False),  # as a person wrote it
    Column("config", JSON, nullable=False),  # as it is sent: with what is armed or disarmed
    Column("author", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", Utc, nullable=False),
    Column("state", String(16), nullable=False, server_default="waiting"),
    Column("errors", JSON, nullable=False, server_default="[]"),  # the device's own words
    Column("sent_at", Utc),  # the broker took it
    Column("answered_at", Utc),
)
arming = Table(
    "arming",
    metadata,
    Column("device", ForeignKey("devices.device"), primary_key=True),
    Column("camera", String(64), primary_key=True),
    Column("zone", String(64), primary_key=True),  # or line
    Column("patch", JSON, nullable=False),  # what is laid over the wished configuration
    Column("armed", Boolean, nullable=False),
    Column("until", Utc),  # empty: until somebody ends it
    Column("author", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
)
commands = Table(
    "commands",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("device", ForeignKey("devices.device"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("args", JSON, nullable=False),
    Column("author", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("sent_at", Utc),  # the broker took it
    Column("replied_at", Utc),
    Column("ok", Boolean),
    Column("result", JSON, nullable=False, server_default="{}"),
    Column("error", Text, nullable=False, server_default=""),
)
Index("ix_commands_device", commands.c.device, commands.c.created_at)
device_messages = Table(
    "device_messages",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("device", String(64), nullable=False),
    Column("topic", String(512), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("retain", Boolean, nullable=False),
    Column("about", String(64), nullable=False),  # a wish's version, or a command's id
    Column("expires_at", Utc),
    sqlite_autoincrement=True,
)
Index("ix_device_messages_device", device_messages.c.device)

# ------------------------------------------------------------------ keeping order
audit = Table(
    "audit",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(128), nullable=False),
    Column("detail", JSON, nullable=False),
    sqlite_autoincrement=True,
)
nonces = Table(
    "nonces",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)
leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("until", Utc, nullable=False),
)
partitions = Table(  # of the event log beyond one machine
    "partitions",
    metadata,
    Column("topic", String(128), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),  # grows with every worker that takes it
    Column("position", BigInteger, nullable=False),  # the next offset to read
    Column("holder", String(128), nullable=False),
    Column("taken_at", Utc, nullable=False),
)
