"""Settings of the county link: where the county data centre is and how both sides sign."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from linli_settings import Duration, SecretRef


class HttpLinkSettings(BaseModel):
    """CloudEvents 1.0 over HTTPS with signed requests, and a signed callback."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: Literal["http"]
    url: HttpUrl
    """Where events are posted to, e.g. ``https://data.county/api/events``."""
    app_key: str = Field(min_length=1, max_length=128)
    secret: SecretRef
    """Key of the HMAC-SHA256, shared with the centre, for both directions."""
    ca: Path | None = None
    """Certificate authority of the centre; without it the system's."""
    timeout: Duration = Field(default=10.0, gt=0)
    window: Duration = Field(default=300.0, gt=0)
    """How far the clock of a signed request may be from ours."""


CountyLinkSettings = HttpLinkSettings
"""A union on ``type`` as soon as there is a second kind of link."""
