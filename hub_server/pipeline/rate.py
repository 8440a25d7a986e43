"""How many messages a device may make: a token bucket for each.

Only what a device makes now is counted: a backlog after an outage, older than the allowed
lateness, is not. What endangers people is never held back.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub_server.alerting.engine import Limits
from hub_server.alerting.rules import Rules
from hub_server.ingest.types import EventMessage
from hub_server.pipeline.ages import is_aged
from linli_contract.event_types import EVENT_TYPES, TOMBSTONE
from linli_contract.payloads import Reading

MOST_DEVICES = 50_000


@dataclass(frozen=True)
class Rate:
    """``messages`` may come at once, and as many again within ``per_s``."""

    messages: int
    per_s: float


class RateLimit:
    """The buckets of all devices; belongs to one thread."""

    def __init__(self, rate: Rate, rules: Rules, limits: Limits) -> None:
        self._rate = rate
        self._limits = limits
        self._metrics = life_safety_metrics(rules)
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def exceeded(self, message: EventMessage, now: datetime) -> bool:
        """Whether ``message`` is one too many of its device."""
        if self._exempt(message) or is_aged(message, self._limits, now):
            return False
        full = float(self._rate.messages)
        # its arrival, not now: an event log's backlog comes faster than its devices ever spoke
        device, arrived = message.topic.device, message.received.at
        tokens, at = self._buckets.pop(device, (full, arrived))
        grown = max(0.0, (arrived - at).total_seconds()) * full / self._rate.per_s
        tokens = min(full, tokens + grown)
        self._buckets[device] = (max(0.0, tokens - 1), arrived)
        if len(self._buckets) > MOST_DEVICES:
            self._buckets.popitem(last=False)
        return tokens < 1

    def _exempt(self, message: EventMessage) -> bool:
        kind = EVENT_TYPES.get(message.topic.name)
        if message.topic.name == TOMBSTONE or (kind is not None and kind.life_safety):
            return True
        if not isinstance(message.payload, Reading):
            return False
        return any(value.metric in self._metrics for value in message.payload.values)


def life_safety_metrics(rules: Rules) -> frozenset[str]:
    """The metrics that a rule of a life-safety type looks at."""
    specs = [rule.spec for rule in rules.rules]
    watched = [spec.when.model_dump() for spec in specs if EVENT_TYPES[spec.type].life_safety]
    return frozenset(metric for when in watched for metric in _metrics(when))


def _metrics(value: object) -> Iterator[str]:
    """Every ``metric`` in a condition and its sub-conditions."""
    if isinstance(value, dict):
        metric = value.get("metric")
        if isinstance(metric, str) and metric:
            yield metric
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _metrics(part)
