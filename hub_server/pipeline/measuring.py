"""How long the stages of a batch take, and what it held; noted after the commit."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from time import perf_counter

from hub_server.ingest.types import EventMessage, Message, StateMessage
from hub_server.metrics.meter import Meter

_PAYLOADS = {
    "Observation": "observation",
    "Reading": "reading",
    "Health": "health",
    "Tombstone": "tombstone",
    "Status": "status",
    "TwinReported": "twin",
    "Reply": "reply",
}
REFUSED = "refused"


class Laps:
    """Seconds of each stage of one pass, from when it is made."""

    __slots__ = ("_at", "seconds")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._at = perf_counter()

    def end(self, stage: str) -> None:
        """What ran since the last end was ``stage``; of one that ran before, the sum counts."""
        now = perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._at
        self._at = now

    def add(self, others: "Laps") -> None:
        """What another pass took too."""
        for stage, seconds in others.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


class Measures:
    """Of one pipeline."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        none: dict[tuple[str, ...], int] = {(kind,): 0 for kind in (*_PAYLOADS.values(), REFUSED)}
        meter.count_all("linli_ingest_messages_total", none)
        self._messages = meter.histogram("linli_ingest_batch_messages")
        self._capture = meter.histogram("linli_ingest_capture_lag_seconds")
        self._arrival = meter.histogram("linli_ingest_arrival_lag_seconds")
        self._tick = meter.histogram("linli_ingest_tick_seconds")

    def batch(self, batch: Iterable[Message], laps: Laps) -> None:
        """A batch is in the ledger."""
        kinds = Counter(map(_kind, batch))
        self._messages.add(kinds.total())
        self._meter.count_all("linli_ingest_messages_total", {(k,): n for k, n in kinds.items()})
        for stage, seconds in laps.seconds.items():
            self._meter.histogram("linli_ingest_batch_seconds", stage).add(seconds)

    def kept(self, messages: Iterable[EventMessage], at: datetime) -> None:
        """New events are in the ledger since ``at``."""
        now = at.timestamp()
        times = [
            (message.envelope.time.timestamp(), message.received.at.timestamp())
            for message in messages
        ]
        self._capture.add_all([max(0.0, now - time) for time, _ in times])
        self._arrival.add_all([max(0.0, now - arrived) for _, arrived in times])

    def told(self, alerts: Counter[tuple[str, ...]]) -> None:
        """Alerts by type, colour and what held them are in the ledger."""
        if alerts:
            self._meter.count_all("linli_alerts_fired_total", alerts)

    def tick(self, laps: Laps) -> None:
        """A tick is over."""
        self._tick.add(sum(laps.seconds.values()))


def _kind(message: Message) -> str:
    if isinstance(message, EventMessage | StateMessage):
        return _PAYLOADS[type(message.payload).__name__]
    return REFUSED
