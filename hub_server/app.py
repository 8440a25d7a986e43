"""One process of the hub, with all its roles or some of them.

What can fail is built before anything starts; it is stopped in reverse.
"""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

import structlog

from hub_server.alerting.engine import Limits
from hub_server.api.app import create_app
from hub_server.api.services import Services
from hub_server.auth.tokens import token_key
from hub_server.county_link import county_key
from hub_server.devices.areas import store_areas
from hub_server.devices.arming import end_overdue
from hub_server.devices.desired import line_up
from hub_server.devices.orders import prune_commands
from hub_server.devices.post import Post
from hub_server.heartbeat import Heartbeat
from hub_server.incidents.opening import OpeningPolicy
from hub_server.incidents.views import calendar_fault
from hub_server.ingest.kafka_share import Partitions
from hub_server.ingest.mqtt import MqttSource, nothing_comes
from hub_server.ingest.runner import Ingest
from hub_server.ingest.settings import KafkaSettings, broker_of
from hub_server.ingest.source import Source, make_source
from hub_server.ledger import probe
from hub_server.ledger.engine import open_ledger
from hub_server.ledger.lease import Lease, this_process
from hub_server.ledger.standby import Standby
from hub_server.outbound.changes import Changes
from hub_server.outbound.part import OutboundPart, target_names
from hub_server.outbound.prune import prune_outbound
from hub_server.pictures import PictureStore
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.prune import Ages, prune_all
from hub_server.pipeline.rate import Rate
from hub_server.pipeline.work import Parts
from hub_server.presence import check_files
from hub_server.roles import ALL, Role
from hub_server.rule_sets.keeper import Keeper
from hub_server.rule_sets.place import keyed_by, rules_dir
from hub_server.rule_sets.reading import RuleSet
from hub_server.rule_sets.watch import watch
from hub_server.serving import Server, listen
from hub_server.settings import Hub
from hub_server.stores.cursors import bound_series, forget_removed
from hub_server.stores.kpi import add_kpi_points

log = structlog.get_logger("hub")
CHORES_S = 60.0
STANDBY_S = 0.5
"""How soon a part notices that the outbound side begins or ends here."""
QUEUE = 2000
"""Messages that may wait for the ledger when the broker's window does not bound them."""


def now() -> datetime:
    """The hub's clock, read at this edge only."""
    return datetime.now(UTC)


class HubApp:
    """The hub of one configuration. Build it, then ``asyncio.run(app.run(stop))``.

    Raises:
        ConfigError: from the constructor, before anything is started.
    """

    def __init__(self, hub: Hub, roles: frozenset[Role] = ALL) -> None:
        check_files(hub)
        settings = hub.settings
        self._hub = hub
        self._changes = Changes()
        self._roles = roles
        self._name = this_process()
        self._broker = broker_of(settings.ingest)
        self._source: Source | None = None
        self._sender: MqttSource | None = None
        self._tokens = token_key(settings.auth, hub.base)
        link = settings.county_link
        self._county = county_key(link, hub.base) if link else None
        self._socket = listen(settings.http.host, settings.http.port)
        self._ledger = open_ledger(hub.ledger_url)
        self._outbound = OutboundPart(hub, self._ledger, self._changes)
        lease = Lease(self._ledger, f"outbound/{settings.county}"[:64], self._name)
        self._standby = Standby(lease, self._outbound.start, self._outbound.stop, now)
        self._rules = Keeper(self._ledger, rules_dir(hub), keyed_by(hub), now)

    def reload(self) -> None:
        """Read the rules' folder now."""
        self._rules.wish()

    @property
    def port(self) -> int:
        """Where the API listens."""
        return int(self._socket.getsockname()[1])

    async def run(self, stop: asyncio.Event) -> None:
        """Run until ``stop`` is set.

        Raises:
            ConfigError: the broker will never accept these settings.
            LeaseHeldError: another process reads the same source.
        """
        with ExitStack() as stack:
            stack.callback(self._ledger.close)
            found = self._prepare_ledger()
            worker = stack.enter_context(ThreadPoolExecutor(1, "pipeline"))
            reads = Role.INGEST in self._roles
            ingest = self._make_ingest(found, worker) if reads else None
            app = create_app(self._services(ingest), people=Role.API in self._roles)
            server = Server(app, self._socket)
            server.start()
            stack.callback(server.stop)
            self._start_heartbeat(stack, self._checks(ingest))
            stack.callback(self._changes.stop)
            log.info("hub runs", url=str(self._hub.settings.http.public_url), port=self.port)
            await self._until(stop, ingest, worker)

    async def _until(
        self, stop: asyncio.Event, ingest: Ingest | None, worker: ThreadPoolExecutor
    ) -> None:
        todo: list[Coroutine[object, object, object]] = [stop.wait()]
        if ingest is not None:
            todo += [ingest.run(), watch(self._rules, worker)]
        if Role.OUTBOUND in self._roles:
            todo += [self._standby.run(), self._chores(worker), self._orders()]
        jobs = {asyncio.ensure_future(job) for job in todo}
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _orders(self) -> None:
        """Send what waits for devices, while the outbound side runs here."""
        while True:
            await asyncio.sleep(STANDBY_S)
            if self._standby.holds:
                await self._send_while_held()

    async def _send_while_held(self) -> None:
        sender = self._source if isinstance(self._source, MqttSource) else self._new_sender()
        self._sender = sender
        post = Post(self._ledger, sender, line_up, self._end_overdue, now)
        jobs = [asyncio.ensure_future(post.run())]
        if sender is not self._source:
            jobs.append(asyncio.ensure_future(sender.run(nothing_comes)))
        try:
            while self._standby.holds and not any(job.done() for job in jobs):
                await asyncio.wait(jobs, timeout=STANDBY_S)
            for job in jobs:
                if job.done():
                    job.result()
        finally:
            self._sender = None
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            if sender is not self._source:
                await sender.stop()

    def _end_overdue(self, at: datetime) -> None:
        end_overdue(self._ledger, at)

    def _new_sender(self) -> MqttSource:
        """A connection only to publish, under a name that nobody else has."""
        hub, mark = self._hub, self._name.rpartition("/")[2]
        name = f"{self._broker.client_id[:40]}-orders-{mark}"
        broker = self._broker.model_copy(update={"client_id": name, "session_expiry": 0.0})
        return MqttSource(broker, hub.settings.county, hub.base, filters=())

    async def _chores(self, worker: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._standby.holds:
                await asyncio.sleep(STANDBY_S)
                continue
            try:
                await loop.run_in_executor(worker, self._tidy)
                # beside the pipeline, which goes on between the pieces
                await loop.run_in_executor(None, self._prune)
            except Exception:  # the ledger is busy or away: again in a minute
                log.exception("chores failed")
            await asyncio.sleep(CHORES_S)

    def _prune(self) -> None:
        limits = self._hub.settings.limits
        ages = Ages(limits.dedupe, limits.replay, limits.audit, limits.quarantine_size)
        prune_all(self._ledger, now(), ages)

    def _tidy(self) -> None:
        with self._ledger.write() as conn:
            prune_outbound(conn, now())
            bound_series(conn)
            prune_commands(conn, now())
            add_kpi_points(conn, now())

    def _prepare_ledger(self) -> RuleSet:
        """The tables and areas; the rules to begin with."""
        self._ledger.migrate()
        with self._ledger.write() as conn:
            found = self._rules.choose(conn)
            store_areas(conn, found.areas)
            forget_removed(conn, self._outbound.store_names)
        return found

    def _make_parts(self, found: RuleSet) -> Parts:
        settings, names = self._hub.settings, target_names(self._hub)
        return Parts(
            county=settings.county,
            rules=found.rules,
            policy=OpeningPolicy(settings.county, found.types, names),
            areas=Areas(found.areas),
            limits=Limits(settings.limits.late),
            quarantine_rows=settings.limits.quarantine_rows,
            renew_s=settings.limits.renew,
            rate=Rate(rate.messages, rate.per) if (rate := settings.limits.rate) else None,
        )

    def _make_ingest(self, found: RuleSet, worker: ThreadPoolExecutor) -> Ingest:
        settings, parts = self._hub.settings, self._make_parts(found)
        bound = max(QUEUE, self._broker.receive_maximum, settings.ingest.batch.max_events)
        batch, lease = settings.ingest.batch, None
        flow: Pipeline | Partitions
        if isinstance(settings.ingest, KafkaSettings):
            flow = shares = Partitions(self._ledger, parts, settings.ingest, self._name, now)
            # the consumer has waited for more already
            batch = batch.model_copy(update={"max_wait": 0.0})
        else:
            where = f"{settings.ingest.type}/{self._broker.host}:{self._broker.port}"
            lease = Lease(self._ledger, f"ingest/{settings.county}/{where}"[:64], self._name)
            flow, shares = Pipeline(self._ledger, parts, now, lease), None
        self._source = make_source(settings.ingest, settings.county, self._hub.base, shares)
        self._rules.begin(flow, found)
        signal = self._changes.signal
        county = settings.county
        return Ingest(self._source, flow, lease, county, batch, bound, worker, signal, now)

    def _start_heartbeat(self, stack: ExitStack, checks: Callable[[], dict[str, str]]) -> None:
        settings = self._hub.settings

        def faults() -> dict[str, str]:
            return {"ledger": probe.fault(self._ledger), **checks()}

        if settings.heartbeat:
            beating = Heartbeat(settings.heartbeat, self._hub.base, settings.county, faults)
            beating.start()
            stack.callback(beating.stop)

    def _checks(self, ingest: Ingest | None) -> Callable[[], dict[str, str]]:
        """Each part that runs here with its fault, empty where it is ready."""

        def checks() -> dict[str, str]:
            found = {"rules": self._rules.faults()} if ingest else {}
            if ingest:
                found["ingest"] = "" if ingest.ready else ingest.fault or "not connected"
            if self._standby.holds:
                connected = self._sender is not None and self._sender.connected_since
                found["orders"] = "" if connected else "no connection to the devices' broker"
            found["calendar"] = calendar_fault(self._ledger)
            return {**found, **self._outbound.faults()}

        return checks

    def _services(self, ingest: Ingest | None) -> Services:
        def gauges() -> dict[str, float]:
            if ingest is None:
                return {}
            batcher = ingest.batcher
            waiting = {"ingest_waiting": batcher.waiting, "ingest_refused": batcher.dropped}
            return {**waiting, **self._rules.gauges()}

        return Services(
            ledger=self._ledger,
            pictures=PictureStore(self._hub.data_dir / "pictures"),
            tokens=self._tokens,
            changes=self._changes,
            targets=target_names(self._hub),
            county=self._county,
            clock=now,
            checks=self._checks(ingest),
            gauges=gauges,
        )
