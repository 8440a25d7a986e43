"""What one pass through the pipeline works with, and what comes of it."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hub_server.alerting.book import Draft
from hub_server.alerting.engine import Arrival, Limits
from hub_server.alerting.inputs import Tick
from hub_server.alerting.outlived import Keeping
from hub_server.alerting.rules import Rules
from hub_server.alerting.types import Alert
from hub_server.incidents.policy import OpeningPolicy
from hub_server.ingest.types import EventMessage, Message
from hub_server.metrics.meter import Meter
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.measuring import Laps
from hub_server.pipeline.rate import Rate, RateLimit
from hub_server.pipeline.share import Share
from hub_server.pipeline.spans import Span


@dataclass(frozen=True)
class Parts:
    """What stays the same from batch to batch."""

    county: str
    rules: Rules
    policy: OpeningPolicy
    areas: Areas
    limits: Limits
    quarantine_rows: int = 10_000
    """How many messages the quarantine holds; the oldest of more are dropped and counted."""
    rate: Rate | None = None
    """How many messages a device may make; None does not count them."""
    renew_s: float = 180.0
    """An open observation not renewed for that long is ended with cause ``unknown``."""
    keeping: Keeping = field(default_factory=Keeping)
    """How long what rules remember of a silent source is kept."""
    meter: Meter = field(default_factory=Meter, repr=False, compare=False)
    """Of this process."""
    share: Share | None = None
    """What of the county this pipeline answers for; None for all of it."""


class Receipts:
    """Sequences that are kept, by device and epoch: what the acknowledgement says."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))

    def add(self, device: str, epoch: str, sequence: int) -> None:
        """``sequence`` of ``epoch`` is in the ledger."""
        self.kept[device][epoch].add(sequence)

    def update(self, other: "Receipts") -> None:
        """Take over what another pass kept."""
        for device, epochs in other.kept.items():
            for epoch, numbers in epochs.items():
                self.kept[device][epoch] |= numbers


@dataclass
class Work:
    """One pass: filled by the stages in order."""

    batch: list[Message]
    now: datetime
    draft: Draft
    tick: Tick | None = None
    kept: list[EventMessage] = field(default_factory=list)
    """New messages, in order of arrival: no duplicates, nothing refused."""
    arrivals: list[Arrival] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    receipts: Receipts = field(default_factory=Receipts)
    counts: Counter[str] = field(default_factory=Counter)
    """What to add to the ledger's counters at the end."""
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(device, reason): how often somebody was refused, for the audit log."""
    rate: RateLimit | None = None
    told: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """Alerts by type, colour and what held them."""
    laps: Laps = field(default_factory=Laps, repr=False)
    spans: dict[tuple[str, str], Span] = field(default_factory=dict, repr=False)
    """(device, epoch) → what came of it; to be remembered once it is committed."""
    replayed: bool = False
    """Out of quarantine: judged by its age today."""
    changed: bool = False
    """Whether people or other systems have something new to see."""


Clock = Callable[[], datetime]
