"""What the API gives about devices and what they could not deliver."""

from datetime import datetime

from pydantic import BaseModel, Field, JsonValue

from hub_server.api.models import Bilingual


class SourceOf(Bilingual):
    name: str
    kind: str
    grid: str
    lat: float
    lon: float


class TombstoneOf(BaseModel):
    """What a device's bounded outbox had to drop."""

    seq: int
    device: str
    epoch: str
    lane: str
    first: int
    last: int
    count: int
    cause: str
    received_at: datetime


class GapOf(BaseModel):
    """Sequences that did not come for 10 minutes and that the device did not declare dropped."""

    device: str
    epoch: str
    first: int
    last: int
    since: datetime


class Device(BaseModel):
    device: str
    profile: str
    grid: str
    state: str
    last_seen: datetime | None
    enrolled_at: datetime
    revoked_at: datetime | None
    health: dict[str, JsonValue] | None
    sources: list[SourceOf]


class FaultOf(Bilingual):
    """Cause and fix, for a technician."""

    part: str = Field(description="The camera's name; empty for the device itself")
    code: str


class DeviceDetail(Device):
    faults: list[FaultOf]
    tombstones: list[TombstoneOf]
    gaps: list[GapOf]


class QuarantineOf(BaseModel):
    """A message that could not be taken in, and why; the bytes are kept."""

    seq: int
    received_at: datetime
    topic: str
    device: str
    reason: str
    detail: str
    payload: str = Field(description="The first 2,000 bytes as text, undecodable ones replaced")
    size: int
