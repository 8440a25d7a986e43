"""Settings of the ingest sources: where messages come from."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from linli_settings import Duration, SecretRef


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BatchSettings(_Strict):
    """How many messages share one transaction of the ledger."""

    max_events: Annotated[int, Field(ge=1, le=10_000)] = 500
    max_wait: Annotated[Duration, Field(ge=0, le=10)] = 0.02
    """How long the first message of a batch waits for more."""


class MqttSettings(_Strict):
    """A broker; the protocol version is said, never guessed."""

    type: Literal["mqtt"]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    protocol: Literal["5", "3.1.1"]
    username: str = ""
    password: SecretRef | None = None
    tls: bool = False
    """TLS with the system's or ``ca``'s certificate authorities."""
    ca: str = ""
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "linli-hub"
    """The broker keeps the hub's queue under this name while the hub is away."""
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 1000
    """Messages on their way that the ledger does not hold yet (MQTT 5)."""
    session_expiry: Annotated[Duration, Field(ge=0, le=0xFFFFFFFE)] = 86400.0
    """How long the broker keeps the session of an absent hub (MQTT 5)."""
    keepalive: Annotated[Duration, Field(ge=5, le=600)] = 30.0
    reconnect_delay: Annotated[Duration, Field(gt=0, le=60)] = 2.0
    batch: BatchSettings = BatchSettings()


IngestSettings = MqttSettings
"""A union on ``type`` as soon as there is a second kind of source."""
