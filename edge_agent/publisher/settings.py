"""Where the device sends to, as a technician writes it."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from linli_settings import Duration, SecretRef
from linli_settings.strict import Strict


class TlsSettings(Strict):
    """Files in PEM form; relative paths count from the configuration's folder."""

    ca: Path = Field(title="Certificate authority of the broker")
    cert: Path | None = Field(default=None, title="This device's certificate")
    key: Path | None = Field(default=None, title="This device's private key")

    @model_validator(mode="after")
    def _both(self) -> "TlsSettings":
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key together")
        return self


class BrokerSettings(Strict):
    """The MQTT broker. ``protocol`` is what it speaks: another is a fault, never a fallback."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["5", "3.1.1"]
    username: str | None = None
    password: SecretRef | None = None
    tls: TlsSettings | None = None
    keepalive: Annotated[Duration, Field(ge=5, le=600)] = 30.0

    @model_validator(mode="after")
    def _username(self) -> "BrokerSettings":
        if self.password is not None and self.username is None:
            raise ValueError("a username beside the password")
        return self


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError("an address such as https://hub.county, without user and password")
    return value.rstrip("/")


class HubSettings(Strict):
    """The hub's HTTPS address, for pictures."""

    url: Annotated[str, AfterValidator(_address)]
    token: SecretRef
    ca: Path | None = Field(default=None, title="Certificate authority of the hub, in PEM form")
