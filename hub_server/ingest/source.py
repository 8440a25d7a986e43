"""What an ingest source is, and which there are."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hub_server.ingest.settings import IngestSettings, KafkaSettings, MqttSettings
from hub_server.ingest.types import Received

Deliver = Callable[[Received], Awaitable[bool]]
"""Returns when the message is in the ledger (True) or was refused for want of room (False)."""


class Source(Protocol):
    """Brings messages in. Its methods belong to one event loop."""

    @property
    def connected_since(self) -> datetime | None:
        """Since when messages come; None while they do not."""

    @property
    def fault(self) -> str:
        """Why they do not; empty when all is well."""

    async def run(self, deliver: Deliver) -> None:
        """Receive until cancelled or :meth:`stop`; reconnects by itself.

        Raises:
            ConfigError: the other side will never accept these settings.
        """

    def publish(self, topic: str, payload: bytes) -> None:
        """Send to a device, at most once; nothing happens while there is no connection."""

    async def stop(self) -> None:
        """Leave cleanly; what was not answered yet stays with the other side."""


class Shares(Protocol):
    """Who answers for the partitions of a source that has some; called from its thread."""

    def take(self, partition: int) -> int:
        """The partition is this process's from now on; the offset to read from."""

    def leave(self, partition: int) -> None:
        """It is no more."""

    def pulse(self, partition: int, at: datetime) -> None:
        """All that was received until ``at`` was delivered, and more would come."""

    def lag(self, partition: int, records: int) -> None:
        """So many records of the partition were not fetched yet."""


def _mqtt(settings: IngestSettings, county: str, base: Path, _: Shares | None) -> Source:
    from hub_server.ingest.mqtt import MqttSource

    assert isinstance(settings, MqttSettings)  # noqa: S101 - for the type checker
    return MqttSource(settings, county, base)


def _kafka(settings: IngestSettings, county: str, base: Path, shares: Shares | None) -> Source:
    from hub_server.ingest.kafka import KafkaSource

    assert isinstance(settings, KafkaSettings)  # noqa: S101 - for the type checker
    if shares is None:
        raise ValueError("shares: expected one for a source with partitions")
    return KafkaSource(settings, county, base, shares)


Factory = Callable[[IngestSettings, str, Path, Shares | None], Source]
SOURCES: dict[str, Factory] = {"mqtt": _mqtt, "kafka": _kafka}


def make_source(
    settings: IngestSettings, county: str, base: Path, shares: Shares | None = None
) -> Source:
    """The source that ``settings`` names; ``base`` is where relative secrets lie."""
    return SOURCES[settings.type](settings, county, base, shares)
