"""Areas, devices, and the cameras and sensors on them."""

from sqlalchemy import JSON, Column, Float, ForeignKey, String, Table

from hub_server.ledger.tables.columns import Utc, metadata

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
