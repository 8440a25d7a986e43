"""What the API gives about rules and their versions."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from hub_server.api.models import Bilingual


class RuleOf(BaseModel):
    """One rule in force."""

    name: str
    type: str = Field(description="The incident's type")
    colour: str = Field(description="Empty where the rule has levels")
    fingerprint: str = Field(description="Hash of what decides its timers")
    source: str = Field(description="Where its limits come from")
    words: list[Bilingual] = Field(
        description="What it looks at, when it fires, what holds it back"
    )


class VersionOf(BaseModel):
    hash: str
    author: str
    time: datetime = Field(description="When it was first switched to")
    note: str
    switched_at: datetime = Field(description="When it was last switched to")
    in_force: bool
    rules: int


class RulesOf(BaseModel):
    """The set in force."""

    version: VersionOf | None = Field(description="None before the hub first ran")
    fault: str = Field(description="Why the folder was refused, and rules that broke; else empty")
    rules: list[RuleOf]


class WishIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: str = Field(default="", max_length=2000, description="Why, for the record")


class AnswerOf(BaseModel):
    ok: bool | None = Field(description="None: the hub has not answered yet")
    text: str
