"""What an ingest source is, and which there are."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hub_server.ingest.settings import IngestSettings
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


def _mqtt(settings: IngestSettings, county: str, base: Path) -> Source:
    from hub_server.ingest.mqtt import MqttSource

    return MqttSource(settings, county, base)


SOURCES: dict[str, Callable[[IngestSettings, str, Path], Source]] = {"mqtt": _mqtt}


def make_source(settings: IngestSettings, county: str, base: Path) -> Source:
    """The source that ``settings`` names; ``base`` is where relative secrets lie."""
    return SOURCES[settings.type](settings, county, base)
