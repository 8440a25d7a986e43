"""Settings of the notifiers: whom the hub tells that something needs a person."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl

from linli_settings import Duration, SecretRef


def _not_the_county(name: str) -> str:
    if name == "county":
        raise ValueError("another name than county, which is the county link's")
    return name


TargetName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$"), AfterValidator(_not_the_county)
]
"""The name of an outbound target; ``county`` is the county link's."""


class ConsoleSettings(BaseModel):
    """Prints one line in Chinese and English for each notice."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["console"]
    name: TargetName = "console"


class WebhookSettings(BaseModel):
    """Posts each notice as JSON, signed, to any address (a message bridge, a duty system)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["webhook"]
    name: TargetName = "webhook"
    url: HttpUrl
    secret: SecretRef
    """Key of the HMAC-SHA256 in the signature header."""
    timeout: Duration = Field(default=5.0, gt=0)
    """How long to wait for the answer."""


NotifierSettings = Annotated[ConsoleSettings | WebhookSettings, Field(discriminator="type")]
