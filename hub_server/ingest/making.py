"""The ingest of a configuration: its source, the pipeline behind it, and who may read."""

from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from hub_server.alerting.engine import Limits
from hub_server.alerting.outlived import Keeping
from hub_server.alive import Alive
from hub_server.incidents.policy import OpeningPolicy
from hub_server.incidents.work_time import Workdays
from hub_server.ingest.kafka_share import Partitions
from hub_server.ingest.mqtt import MqttSource
from hub_server.ingest.runner import Ingest
from hub_server.ingest.settings import KafkaSettings, broker_of
from hub_server.ingest.source import make_source
from hub_server.ledger.engine import Ledger
from hub_server.ledger.lease import Lease
from hub_server.metrics.meter import Meter
from hub_server.outbound.precedence import Precedence
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.rate import Rate
from hub_server.pipeline.work import Parts
from hub_server.rule_sets.keeper import Keeper
from hub_server.rule_sets.reading import RuleSet
from hub_server.settings import Hub

READ_ALREADY = 10_000
"""Messages that a connection may have read already when the brake holds it: 256 KiB, which is all
that asyncio reads at once, of messages that are hardly more than a topic."""


def make_parts(hub: Hub, found: RuleSet, targets: tuple[str, ...], meter: Meter) -> Parts:
    """What the pipeline works with; ``targets`` hear of what changes."""
    settings, limits = hub.settings, hub.settings.limits
    return Parts(
        county=settings.county,
        rules=found.rules,
        policy=OpeningPolicy(settings.county, found.types, targets, Workdays(found.calendar)),
        areas=Areas(found.areas),
        limits=Limits(limits.late),
        quarantine_rows=limits.quarantine_rows,
        renew_s=limits.renew,
        keeping=Keeping(limits.dedupe, limits.alerts),
        rate=Rate(limits.rate.messages, limits.rate.per) if limits.rate else None,
        meter=meter,
    )


@dataclass(frozen=True)
class Begun:
    """What is there when the ingest is made."""

    ledger: Ledger
    rules: Keeper
    """Looks after the pipeline's rules from now on."""
    found: RuleSet
    parts: Parts
    name: str
    """This process's."""
    precedence: Precedence
    """Of the ingest before the rest of this process."""


def make_ingest(
    hub: Hub,
    begun: Begun,
    worker: Executor,
    signal: Callable[[], None],
    clock: Callable[[], datetime],
    alive: Alive,
) -> Ingest:
    """Everything but the running.

    Raises:
        ConfigError: the source cannot be made of these settings.
    """
    ledger, parts, name = begun.ledger, begun.parts, begun.name
    settings, county = hub.settings.ingest, hub.settings.county
    batch, lease = settings.batch, None
    beside: list[Callable[[], Coroutine[object, object, None]]] = []
    flow: Pipeline | Partitions
    if isinstance(settings, KafkaSettings):
        from hub_server.ingest.kafka_relay import Relay

        flow = held = shares = Partitions(ledger, parts, settings, name, clock)
        beside.append(Relay(ledger, settings, hub.base, lambda: held.held).run)
        # the consumer has waited for more already
        batch = batch.model_copy(update={"max_wait": 0.0})
    else:
        where = f"{settings.type}/{settings.host}:{settings.port}"
        lease = Lease(ledger, f"ingest/{county}/{where}"[:64], name)
        flow, shares = Pipeline(ledger, parts, clock, lease), None
    source = make_source(settings, county, hub.base, shares)
    begun.rules.begin(flow, begun.found)
    bound = broker_of(settings).receive_maximum + READ_ALREADY
    return Ingest(
        source,
        flow,
        lease,
        county,
        batch,
        bound,
        worker,
        signal,
        clock,
        parts.meter,
        alive,
        begun.precedence.press,
        beside,
    )


def make_sender(hub: Hub, name: str) -> MqttSource:
    """A connection only to publish, under a name that nobody else has."""
    broker, mark = broker_of(hub.settings.ingest), name.rpartition("/")[2]
    client = f"{broker.client_id[:40]}-orders-{mark}"
    broker = broker.model_copy(update={"client_id": client, "session_expiry": 0.0})
    return MqttSource(broker, hub.settings.county, hub.base, filters=())
