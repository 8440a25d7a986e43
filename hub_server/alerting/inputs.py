"""What rules look at: observations, measurements, heartbeats, alerts and the hub's clock.

They are structs, because an input may have to wait in the ledger until its turn comes. None can
be part of a cycle, so the garbage collector need not look at them (``gc=False``).
"""

from datetime import datetime
from typing import Literal

import msgspec

from linli_contract.event_types import Colour
from linli_contract.payloads import Quality

JUDGED = (Quality.OK, Quality.REFERENCE)
"""Values that rules see; what a sensor marks otherwise is kept and shown, and fires nothing."""
Phase = Literal["start", "update", "end"]


class Site(msgspec.Struct, frozen=True, gc=False):
    """Where an input comes from, resolved from the registry; WGS-84 degrees."""

    county: str
    device: str
    source: str
    """The camera or sensor; the device's own name for the device itself."""
    grid: str
    lat: float
    lon: float
    zh: str
    en: str
    """Names of the source for people."""
    zones: dict[str, dict[str, str]] = {}
    """Name of a zone of it → its names for people by language."""
    community: str = ""
    """The code of the community its device belongs to: what work is split by."""
    town: str = ""
    """The code of the town its device belongs to."""

    def zone(self, name: str, language: str) -> str:
        """What people call the zone ``name``; the name itself where nobody said."""
        return self.zones.get(name, {}).get(language, name)


class ObservationInput(msgspec.Struct, frozen=True, kw_only=True, tag="observation", gc=False):
    """A message of an observation. Its first begins it; the others only keep it alive or end it."""

    site: Site
    time: datetime
    """Capture time of the frame that completed the condition."""
    event_id: str
    event_type: str
    observation_id: str
    zone: str
    label: str = ""
    count: int = 1
    confidence: float = 0.0
    dwell_s: float = 0.0
    pictures: tuple[tuple[str, str], ...] = ()
    late: bool = False
    aged: bool = False
    """It was older than the allowed lateness when it arrived, in its order all the same."""
    received_at: datetime | None = None
    """The hub's time; None: as it was captured."""
    phase: Phase = "start"
    """``start`` for the first message, whatever it says of itself."""


class MeasurementInput(msgspec.Struct, frozen=True, kw_only=True, tag="measurement", gc=False):
    """One value of one sensor that can be trusted (quality ok or reference)."""

    site: Site
    time: datetime
    received_at: datetime
    event_id: str
    metric: str
    value: float
    unit: str
    late: bool = False
    aged: bool = False
    """As :attr:`ObservationInput.aged`."""


class HeartbeatInput(msgspec.Struct, frozen=True, kw_only=True, tag="heartbeat", gc=False):
    """A device said how it is."""

    site: Site
    time: datetime
    received_at: datetime
    event_id: str
    late: bool = False
    aged: bool = False
    """Neither is ever set: that it arrives at all says that the device lives."""


class AlertInput(msgspec.Struct, frozen=True, kw_only=True, tag="alert"):
    """An alert of another rule that nothing held back: what a second stage looks at."""

    site: Site
    """Where it stands; its names are those of the community."""
    time: datetime
    received_at: datetime
    """When it fired, by the hub's clock."""
    event_id: str
    """The alert's own id."""
    rule: str
    alert_type: str
    colour: Colour
    areas: dict[str, tuple[str, str]] = {}
    """Level → name of the area around it, in Chinese and English."""
    late: bool = False
    """Never set: it counts at its own time, however late it was told."""
    aged: bool = False
    """It was late itself: it counts, but what it completes pages nobody."""


Input = ObservationInput | MeasurementInput | HeartbeatInput | AlertInput


def arrived_at(item: Input) -> datetime:
    """The hub's time of an input."""
    return item.received_at or item.time


class Tick(msgspec.Struct, frozen=True):
    """The hub's clock, each second."""

    now: datetime
    receiving_since: datetime | None
    """Since when the hub receives with its backlog read; None while it does not."""

    def received_for(self, seconds: float, since: datetime) -> bool:
        """True when ``seconds`` have passed since ``since`` and the hub received all along."""
        if self.receiving_since is None:
            return False
        return (self.now - max(since, self.receiving_since)).total_seconds() >= seconds
