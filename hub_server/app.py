"""The hub in one process: what can fail is built before anything starts; stopped in reverse."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import structlog

from hub_server.alerting.engine import Limits
from hub_server.api.app import create_app
from hub_server.api.services import Services
from hub_server.auth.tokens import token_key
from hub_server.county_link import county_key, open_county_link
from hub_server.devices.areas import store_areas
from hub_server.devices.arming import end_overdue
from hub_server.devices.desired import line_up
from hub_server.devices.orders import prune_commands
from hub_server.devices.post import Post, Sender
from hub_server.heartbeat import Heartbeat
from hub_server.incidents.opening import OpeningPolicy
from hub_server.ingest.runner import Ingest
from hub_server.ingest.source import make_source
from hub_server.ledger import probe
from hub_server.ledger.engine import open_ledger
from hub_server.ledger.lease import Lease, this_process
from hub_server.notifiers import open_notifier
from hub_server.outbound.changes import Changes
from hub_server.outbound.drain import Drain, Target
from hub_server.outbound.prune import prune_outbound
from hub_server.outbound.targets import county_target, notifier_target
from hub_server.pictures import PictureStore
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Pipeline
from hub_server.pipeline.prune import prune
from hub_server.pipeline.work import Parts
from hub_server.presence import check_files
from hub_server.rule_sets.keeper import Keeper
from hub_server.rule_sets.place import keyed_by, rules_dir
from hub_server.rule_sets.reading import RuleSet
from hub_server.rule_sets.watch import watch
from hub_server.serving import Server, listen
from hub_server.settings import Hub
from hub_server.stores.cursors import bound_series, forget_removed
from hub_server.stores.kpi import add_kpi_points
from hub_server.stores.store import make_store
from hub_server.stores.writer import SeriesWriter

log = structlog.get_logger("hub")
CHORES_S = 60.0
DRAIN_STOP_S = 0.5
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

    def __init__(self, hub: Hub) -> None:
        check_files(hub)
        settings = hub.settings
        self._hub = hub
        self._changes = Changes()
        self._targets = self._open_targets()
        self._tokens = token_key(settings.auth, hub.base)
        link = settings.county_link
        self._county = county_key(link, hub.base) if link else None
        self._source = make_source(settings.ingest, settings.county, hub.base)
        self._stores = [make_store(s, hub.data_dir, hub.base) for s in settings.stores]
        self._socket = listen(settings.http.host, settings.http.port)
        self._ledger = open_ledger(hub.ledger_url)
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
            writers = [
                SeriesWriter(self._ledger, store, self._changes, settings.retention)
                for store, settings in zip(self._stores, self._hub.settings.stores, strict=True)
            ]
            for writer in writers:
                writer.start()
                stack.callback(writer.stop)
            for target, close in self._targets:
                stack.callback(close)
                drain = Drain(self._ledger, target, self._changes)
                drain.start()
                stack.callback(drain.stop, DRAIN_STOP_S)
            ingest = self._make_ingest(found, worker)
            server = Server(create_app(self._services(ingest, writers)), self._socket)
            server.start()
            stack.callback(server.stop)
            self._start_heartbeat(stack, self._checks(ingest, writers))
            stack.callback(self._changes.stop)
            log.info("hub runs", url=str(self._hub.settings.http.public_url), port=self.port)
            await self._until(stop, ingest, worker)

    async def _until(self, stop: asyncio.Event, ingest: Ingest, worker: ThreadPoolExecutor) -> None:
        running = asyncio.ensure_future(ingest.run())
        jobs = {
            running,
            asyncio.ensure_future(stop.wait()),
            asyncio.ensure_future(self._chores(worker)),
            asyncio.ensure_future(watch(self._rules, worker)),
        }
        if isinstance(self._source, Sender):
            tick = partial(end_overdue, self._ledger)
            post = Post(self._ledger, self._source, line_up, tick, now)
            jobs.add(asyncio.ensure_future(post.run()))
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _chores(self, worker: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.run_in_executor(worker, self._tidy)
            except Exception:  # the ledger is busy or away: again in a minute
                log.exception("chores failed")
            await asyncio.sleep(CHORES_S)

    def _tidy(self) -> None:
        with self._ledger.write() as conn:
            prune(conn, now(), self._hub.settings.limits.dedupe)
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
            forget_removed(conn, [store.name for store in self._stores])
        return found

    def _open_targets(self) -> list[tuple[Target, Callable[[], None]]]:
        """Each target with what closes it."""
        settings, base = self._hub.settings, self._hub.base
        targets: list[tuple[Target, Callable[[], None]]] = []
        for one in settings.notifiers:
            notifier = open_notifier(one, base)
            targets.append((notifier_target(one.name, notifier), notifier.close))
        if settings.county_link:
            link = open_county_link(settings.county_link, base)
            targets.append((county_target(link), link.close))
        return targets

    def _make_parts(self, found: RuleSet) -> Parts:
        settings, names = self._hub.settings, tuple(target.name for target, _ in self._targets)
        return Parts(
            county=settings.county,
            rules=found.rules,
            policy=OpeningPolicy(settings.county, found.types, names),
            areas=Areas(found.areas),
            limits=Limits(settings.limits.late),
            quarantine_rows=settings.limits.quarantine_rows,
            renew_s=settings.limits.renew,
        )

    def _make_ingest(self, found: RuleSet, worker: ThreadPoolExecutor) -> Ingest:
        settings = self._hub.settings
        where = f"{settings.ingest.type}/{settings.ingest.host}:{settings.ingest.port}"
        lease = Lease(self._ledger, f"ingest/{settings.county}/{where}"[:64], this_process())
        pipeline = Pipeline(self._ledger, self._make_parts(found), now, lease)
        self._rules.begin(pipeline, found)
        return Ingest(
            self._source,
            pipeline,
            lease,
            settings.county,
            settings.ingest.batch,
            max(QUEUE, settings.ingest.receive_maximum),
            worker,
            self._changes.signal,
            now,
        )

    def _start_heartbeat(self, stack: ExitStack, checks: Callable[[], dict[str, str]]) -> None:
        settings = self._hub.settings

        def faults() -> dict[str, str]:
            return {"ledger": probe.fault(self._ledger), **checks()}

        if settings.heartbeat:
            beating = Heartbeat(settings.heartbeat, self._hub.base, settings.county, faults)
            beating.start()
            stack.callback(beating.stop)

    def _checks(self, ingest: Ingest, writers: list[SeriesWriter]) -> Callable[[], dict[str, str]]:
        """Each part with its fault, empty where it is ready."""

        def checks() -> dict[str, str]:
            stores = {
                f"store {store.name}": writer.fault
                for store, writer in zip(self._stores, writers, strict=True)
            }
            ingesting = "" if ingest.ready else ingest.fault or "not connected"
            orders = "" if isinstance(self._source, Sender) else "this source reaches no device"
            return {"ingest": ingesting, "rules": self._rules.faults(), "orders": orders, **stores}

        return checks

    def _services(self, ingest: Ingest, writers: list[SeriesWriter]) -> Services:
        def gauges() -> dict[str, float]:
            batcher = ingest.batcher
            waiting = {"ingest_waiting": batcher.waiting, "ingest_refused": batcher.dropped}
            return {**waiting, **self._rules.gauges()}

        return Services(
            ledger=self._ledger,
            pictures=PictureStore(self._hub.data_dir / "pictures"),
            tokens=self._tokens,
            changes=self._changes,
            targets=tuple(target.name for target, _ in self._targets),
            county=self._county,
            clock=now,
            checks=self._checks(ingest, writers),
            gauges=gauges,
        )
