"""Settings of the ingest sources: where messages come from."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from linli_settings import Duration, SecretRef


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BatchSettings(_Strict):
    """How many messages share one transaction of the ledger."""

    max_events: Annotated[int, Field(ge=1, le=10_000)] = 1000
    """A batch grows with what waits, up to this: what each device of a batch costs once is then
    shared by more of its messages."""
    max_wait: Annotated[Duration, Field(ge=0, le=10)] = 0.02
    """How long after a batch began the next one begins at the soonest, unless it is full or the
    ledger was busy meanwhile. A message that comes alone waits for nothing."""


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
    receive_maximum: Annotated[int, Field(ge=1, le=65535)] = 2000
    """Messages on their way that the ledger does not hold yet (MQTT 5): two batches, one that is
    written and one that gathers."""
    session_expiry: Annotated[Duration, Field(ge=0, le=0xFFFFFFFE)] = 86400.0
    """How long the broker keeps the session of an absent hub (MQTT 5)."""
    keepalive: Annotated[Duration, Field(ge=5, le=600)] = 30.0
    reconnect_delay: Annotated[Duration, Field(gt=0, le=60)] = 2.0
    batch: BatchSettings = BatchSettings()


class KafkaSettings(_Strict):
    """Apache Kafka, beyond one machine: bridges write, workers share it (docs/scale-out.md)."""

    type: Literal["kafka"]
    servers: Annotated[str, Field(pattern=r"^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$")]
    """``host:port``, several with commas; any of them leads to the others."""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")] = "linli.messages"
    partitions: Annotated[int, Field(ge=1, le=1000)] = 12
    """How many parts the county is divided into; it bounds how many workers share it. To change
    it is a move (docs/scale-out.md)."""
    replication: Annotated[int, Field(ge=1, le=7)] = 3
    """Copies of each partition, when ``hub-server bridge --make-topic`` makes them."""
    group: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,120}$")] = "linli-hub"
    """The workers' consumer group, and the bridges' shared subscription."""
    session_timeout: Annotated[Duration, Field(ge=6, le=60)] = 6.0
    """A worker that stood still that long loses its partitions to the others."""
    tls: bool = False
    """TLS with the system's or ``ca``'s certificate authorities."""
    ca: str = ""
    username: str = ""
    """SASL SCRAM-SHA-512; empty signs nobody in."""
    password: SecretRef | None = None
    bridge_session: Annotated[Duration, Field(ge=0, le=60)] = 10.0
    """How long the broker keeps the queue of a bridge that is away; what it held is sent again by
    the devices."""
    broker: MqttSettings
    """Where bridges read and workers answer."""
    batch: BatchSettings = BatchSettings(max_events=1000)

    @property
    def alerts_topic(self) -> str:
        """By which workers hand alerts to the second stage: one partition, keyed by county."""
        return f"{self.topic}.alerts"

    @field_validator("broker")
    @classmethod
    def _shares(cls, broker: MqttSettings) -> MqttSettings:
        if broker.protocol != "5":
            raise ValueError('protocol: "5": bridges share a subscription, which 3.1.1 has not')
        return broker


IngestSettings = Annotated[MqttSettings | KafkaSettings, Field(discriminator="type")]


def broker_of(settings: MqttSettings | KafkaSettings) -> MqttSettings:
    """The MQTT broker that the devices speak to."""
    return settings.broker if isinstance(settings, KafkaSettings) else settings
