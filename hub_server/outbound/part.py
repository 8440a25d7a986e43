"""The outbound side of one process: a drain for each target, a writer for each store."""

from collections.abc import Callable, Iterator
from functools import partial

from prometheus_client import Metric

from hub_server.county_link import open_county_link
from hub_server.ledger.engine import Ledger
from hub_server.metrics.meter import Meter
from hub_server.notifiers import open_notifier
from hub_server.outbound.changes import Changes
from hub_server.outbound.drain import Drain, Target
from hub_server.outbound.enqueue import COUNTY
from hub_server.outbound.precedence import Precedence
from hub_server.outbound.targets import county_target, notifier_target
from hub_server.settings import Hub
from hub_server.stores.figures import WriterCollector
from hub_server.stores.store import Store, make_store
from hub_server.stores.writer import SeriesWriter

DRAIN_STOP_S = 0.5
Opened = list[tuple[Target, Callable[[], None]]]
"""Each target with what closes it."""


def target_names(hub: Hub) -> tuple[str, ...]:
    """Who hears of a change: the notifiers and the county centre."""
    settings = hub.settings
    county = (COUNTY,) if settings.county_link else ()
    return (*(one.name for one in settings.notifiers), *county)


class OutboundPart:
    """Starts and stops as often as asked.

    Raises:
        ConfigError: from the constructor: a target or store cannot be opened.
    """

    def __init__(
        self, hub: Hub, ledger: Ledger, changes: Changes, meter: Meter, precedence: Precedence
    ) -> None:
        self._hub, self._ledger, self._changes, self._meter = hub, ledger, changes, meter
        self._precedence = precedence
        opened = self._open()
        self._names = [store.name for store in opened[1]]
        self._opened: tuple[Opened, list[Store]] | None = opened
        self._writers: list[tuple[str, SeriesWriter]] = []
        self._stops: list[Callable[[], None]] = []

    @property
    def store_names(self) -> list[str]:
        """Of the stores that the settings name."""
        return self._names

    def start(self) -> None:
        """Begin to drain, in threads."""
        targets, stores = self._opened or self._open()
        self._opened = None
        self._writers = []
        for store, settings in zip(stores, self._hub.settings.stores, strict=True):
            writer = SeriesWriter(
                self._ledger,
                store,
                self._changes,
                settings.retention,
                precedence=self._precedence,
            )
            writer.start()
            self._stops.append(writer.stop)
            self._writers.append((store.name, writer))
        for target, close in targets:
            self._stops.append(close)
            drain = Drain(self._ledger, target, self._changes, meter=self._meter)
            drain.start()
            self._stops.append(partial(drain.stop, DRAIN_STOP_S))

    def stop(self) -> None:
        """Finish what is under way; the rest stays in the ledger."""
        while self._stops:
            self._stops.pop()()
        self._writers = []

    def collect(self) -> Iterator[Metric]:
        """Figures of the stores that run here."""
        yield from WriterCollector([writer.figures for _, writer in self._writers]).collect()

    def faults(self) -> dict[str, str]:
        """Each store that runs here with what is wrong, empty where nothing is."""
        return {f"store {name}": writer.fault for name, writer in self._writers}

    def _open(self) -> tuple[Opened, list[Store]]:
        settings, base = self._hub.settings, self._hub.base
        targets: Opened = []
        for one in settings.notifiers:
            notifier = open_notifier(one, base)
            targets.append((notifier_target(one.name, notifier), notifier.close))
        if settings.county_link:
            link = open_county_link(settings.county_link, base)
            targets.append((county_target(link), link.close))
        stores = [make_store(one, self._hub.data_dir, base) for one in settings.stores]
        return targets, stores
