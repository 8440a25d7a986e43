"""What the API takes from people; unknown fields are refused."""

from pydantic import BaseModel, ConfigDict, Field

from hub_server.incidents.life import Action


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_In):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class LinkIn(_In):
    code: str = Field(min_length=1, max_length=2000)


class PictureIn(_In):
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: str = Field(description="near, far, reference, handle_before or handle_after")


class TapIn(_In):
    """One action on a case."""

    action: Action
    result: str | None = Field(default=None, description="Of verify and check")
    worker: str | None = Field(default=None, description="Whom to dispatch to")
    note: str = Field(default="", max_length=2000)
    pictures: list[PictureIn] = Field(default=[], max_length=20)
