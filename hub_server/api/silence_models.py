"""Silences as the API takes and tells them."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub_server.alerting.matcher import Matcher
from hub_server.alerting.silences import Kind, Silence


class SilenceIn(BaseModel):
    """What to be silent about, and when. Times are RFC 3339 with their offset."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Kind.SILENCE
    matcher: Matcher
    begins_at: AwareDatetime | None = None
    """Now, when it is not given."""
    ends_at: AwareDatetime
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SilenceOf(BaseModel):
    id: str
    kind: Kind
    matcher: dict[str, object]
    begins_at: datetime
    ends_at: datetime
    author: str
    reason: str
    created_at: datetime
    ended_by: str

    @classmethod
    def of(cls, one: Silence) -> "SilenceOf":
        """As the ledger has it."""
        matcher = one.matcher.model_dump(mode="json", exclude_defaults=True)
        plain = {name: getattr(one, name) for name in cls.model_fields if name != "matcher"}
        return cls(matcher=matcher, **plain)
