"""What the API takes and gives about wished configurations, arming and commands."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from hub_server.api.models import Bilingual


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WishIn(_In):
    """A configuration to lie over the device's own file (a JSON merge patch)."""

    config: dict[str, JsonValue]
    note: str = Field(default="", max_length=500)


class RollBackIn(_In):
    version: int | None = Field(
        default=None, ge=0, description="0: the device's own file; none: the last it had taken"
    )
    note: str = Field(default="", max_length=500)


class SwitchIn(_In):
    camera: str
    zone: str = Field(description="A zone or line of the camera")
    armed: bool | None = Field(description="null ends what was asked before")
    until: AwareDatetime | None = None
    note: str = Field(default="", max_length=500)


class CommandIn(_In):
    name: Literal["snapshot", "restart_camera", "test_event", "log_level"]
    args: dict[str, JsonValue] = {}
    expires_s: float = Field(default=30, gt=0, le=3600)


class SwitchedOf(BaseModel):
    """What a person asked of a zone, for a time."""

    armed: bool
    until: datetime | None
    author: str


class WatchedOf(Bilingual):
    """A zone or line, as the device reports it."""

    camera: str
    zone: str
    behaviours: list[str]
    armed: bool
    switched: SwitchedOf | None


class WishOf(BaseModel):
    version: int
    state: str = Field(description="waiting, trial, applied, refused, rolled_back, superseded")
    errors: list[str] = Field(description="The device's own words")
    author: str
    note: str
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None


class DifferenceOf(BaseModel):
    field: str
    desired: JsonValue
    reported: JsonValue


class TwinOf(BaseModel):
    """What is wished of a device and what it reports."""

    desired: WishOf | None
    config: dict[str, JsonValue] | None = Field(description="As a person wrote it")
    history: list[WishOf]
    reported: dict[str, JsonValue] | None
    in_force: int | None = Field(description="The version the device runs; 0 is its own file")
    differences: list[DifferenceOf]
    zones: list[WatchedOf]
    may_wish: bool
    may_switch: bool


class CommandOf(BaseModel):
    id: str
    name: str
    args: dict[str, JsonValue]
    author: str
    created_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    replied_at: datetime | None
    state: str = Field(description="waiting, sent, done, refused, expired")
    late: bool = Field(description="The answer came after it had expired")
    result: dict[str, JsonValue]
    error: str
