"""The ingest of a configuration: its source, the pipeline behind it, and who may read."""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime

from hub_server.alerting.engine import Limits
from hub_server.incidents.opening import OpeningPolicy
from hub_server.ingest.kafka_share import Partitions
from hub_server.ingest.mqtt import MqttSource
from hub_server.ingest.runner import Ingest
from hub_server.ingest.settings import BatchSettings, KafkaSettings, broker_of
from hub_server.ingest.source import make_source
from hub_server.ledger.engine import Ledger
from hub_server.ledger.lease import Lease
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.rate import Rate
from hub_server.pipeline.work import Parts
from hub_server.rule_sets.keeper import Keeper
from hub_server.rule_sets.reading import RuleSet
from hub_server.settings import Hub

QUEUE = 2000
"""Messages that may wait for the ledger when the broker's window does not bound them."""


def make_parts(hub: Hub, found: RuleSet, targets: tuple[str, ...]) -> Parts:
    """What the pipeline works with; ``targets`` hear of what changes."""
    settings, limits = hub.settings, hub.settings.limits
    return Parts(
        county=settings.county,
        rules=found.rules,
        policy=OpeningPolicy(settings.county, found.types, targets),
        areas=Areas(found.areas),
        limits=Limits(limits.late),
        quarantine_rows=limits.quarantine_rows,
        renew_s=limits.renew,
        rate=Rate(limits.rate.messages, limits.rate.per) if limits.rate else None,
    )


def make_ingest(
    hub: Hub,
    ledger: Ledger,
    rules: Keeper,
    found: RuleSet,
    parts: Parts,
    name: str,
    worker: Executor,
    signal: Callable[[], None],
    clock: Callable[[], datetime],
) -> Ingest:
    """Everything but the running; ``name`` is this process's, and ``rules`` look after it.

    Raises:
        ConfigError: the source cannot be made of these settings.
    """
    settings, county = hub.settings.ingest, hub.settings.county
    if isinstance(settings, KafkaSettings):
        shares = Partitions(ledger, parts, settings, name, clock)
        source = make_source(settings, county, hub.base, shares)
        rules.begin(shares, found)
        # the consumer has waited for more already
        batch = settings.batch.model_copy(update={"max_wait": 0.0})
        bound = _bound(hub, batch)
        return Ingest(source, shares, None, county, batch, bound, worker, signal, clock)
    where = f"{settings.type}/{settings.host}:{settings.port}"
    lease = Lease(ledger, f"ingest/{county}/{where}"[:64], name)
    flow = Pipeline(ledger, parts, clock, lease)
    source = make_source(settings, county, hub.base)
    rules.begin(flow, found)
    batch = settings.batch
    return Ingest(source, flow, lease, county, batch, _bound(hub, batch), worker, signal, clock)


def make_sender(hub: Hub, name: str) -> MqttSource:
    """A connection only to publish, under a name that nobody else has."""
    broker, mark = broker_of(hub.settings.ingest), name.rpartition("/")[2]
    client = f"{broker.client_id[:40]}-orders-{mark}"
    broker = broker.model_copy(update={"client_id": client, "session_expiry": 0.0})
    return MqttSource(broker, hub.settings.county, hub.base, filters=())


def _bound(hub: Hub, batch: BatchSettings) -> int:
    return max(QUEUE, broker_of(hub.settings.ingest).receive_maximum, batch.max_events)
