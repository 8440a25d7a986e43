"""One process of the hub, with all its roles or some of them.

What can fail is built before anything starts; it is stopped in reverse.
"""

import asyncio
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

import structlog

from hub_server.alive import Alive
from hub_server.api.app import create_app
from hub_server.api.services import Services
from hub_server.auth.tokens import token_key
from hub_server.checks import Checks
from hub_server.county_link import county_key
from hub_server.devices.areas import store_areas
from hub_server.devices.sending import Sending
from hub_server.heartbeat import Heartbeat
from hub_server.ingest.making import Begun, make_ingest, make_parts, make_sender
from hub_server.ingest.runner import Ingest
from hub_server.jobs import Job, until_one_ends
from hub_server.ledger.engine import open_ledger
from hub_server.ledger.lease import Lease, this_process
from hub_server.ledger.standby import Standby
from hub_server.metrics.meter import Meter
from hub_server.metrics.process import ProcessFigures
from hub_server.outbound.changes import Changes
from hub_server.outbound.chores import Chores
from hub_server.outbound.part import OutboundPart, target_names
from hub_server.outbound.precedence import Precedence
from hub_server.pictures import PictureStore
from hub_server.presence import check_files
from hub_server.roles import ALL, Role
from hub_server.rule_sets.keeper import Keeper
from hub_server.rule_sets.place import keyed_by, rules_dir
from hub_server.rule_sets.reading import RuleSet
from hub_server.rule_sets.watch import watch
from hub_server.serving import Server, listen
from hub_server.settings import Hub
from hub_server.stores.cursors import forget_removed

log = structlog.get_logger("hub")


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
        settings, link = hub.settings, hub.settings.county_link
        self._meter, self._alive = Meter(), Alive()
        self._hub, self._roles, self._name = hub, roles, this_process()
        self._changes, self._precedence = Changes(), Precedence()
        self._tokens = token_key(settings.auth, hub.base)
        self._county = county_key(link, hub.base) if link else None
        self._socket = listen(settings.http.host, settings.http.port)
        self._ledger = open_ledger(hub.ledger_url, self._meter)
        self._outbound = OutboundPart(
            hub, self._ledger, self._changes, self._meter, self._precedence
        )
        lease = Lease(self._ledger, f"outbound/{settings.county}"[:64], self._name)
        self._standby = Standby(lease, self._outbound.start, self._outbound.stop, now)
        self._rules = Keeper(self._ledger, rules_dir(hub), keyed_by(hub), now)

    def hangs(self) -> str:
        """What does not get on; empty while everything does."""
        return self._alive.fault()

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
            ingest = self._make_ingest(found, worker) if Role.INGEST in self._roles else None
            sending = self._make_sending(ingest)
            parts = (self._rules, ingest, self._standby, sending, self._outbound)
            checks = Checks(self._ledger, self._alive, *parts)
            app = create_app(self._services(ingest, checks), people=Role.API in self._roles)
            server = Server(app, self._socket)
            server.start()
            stack.callback(server.stop)
            if beating := self._make_heartbeat(checks):
                beating.start()
                stack.callback(beating.stop)
            stack.callback(self._changes.stop)
            log.info("hub runs", url=str(self._hub.settings.http.public_url), port=self.port)
            await until_one_ends([stop.wait(), *self._jobs(ingest, sending, worker)])

    def _jobs(self, ingest: Ingest | None, sending: Sending, worker: Executor) -> list[Job]:
        todo: list[Job] = [self._alive.run()]
        if ingest is not None:
            todo += [ingest.run(), watch(self._rules, worker)]
        if Role.OUTBOUND in self._roles:
            limits = self._hub.settings.limits
            chores = Chores(self._ledger, limits, self._standby, worker, now)
            todo += [self._standby.run(), chores.run(), sending.run()]
        return todo

    def _prepare_ledger(self) -> RuleSet:
        """The tables and areas; the rules to begin with."""
        self._ledger.migrate()
        with self._ledger.write() as conn:
            found = self._rules.choose(conn)
            store_areas(conn, found.areas)
            forget_removed(conn, self._outbound.store_names)
        return found

    def _make_ingest(self, found: RuleSet, worker: Executor) -> Ingest:
        parts = make_parts(self._hub, found, target_names(self._hub), self._meter)
        begun = Begun(self._ledger, self._rules, found, parts, self._name, self._precedence)
        return make_ingest(self._hub, begun, worker, self._changes.signal, now, self._alive)

    def _make_sending(self, ingest: Ingest | None) -> Sending:
        source = ingest.source if ingest else None
        new = partial(make_sender, self._hub, self._name)
        return Sending(self._ledger, self._standby, new, source, now)

    def _make_heartbeat(self, checks: Checks) -> Heartbeat | None:
        wish, county = self._hub.settings.heartbeat, self._hub.settings.county
        faults, base = checks.with_the_process, self._hub.base
        return Heartbeat(wish, base, county, faults, self._meter) if wish else None

    def _services(self, ingest: Ingest | None, checks: Checks) -> Services:
        folder = self._hub.data_dir
        figures = ProcessFigures(self._meter, self._rules, ingest, self._outbound, folder)
        return Services(
            ledger=self._ledger,
            pictures=PictureStore(folder / "pictures"),
            tokens=self._tokens,
            changes=self._changes,
            targets=target_names(self._hub),
            county=self._county,
            clock=now,
            checks=checks,
            alive=self._alive.fault,
            figures=figures.collect,
        )
