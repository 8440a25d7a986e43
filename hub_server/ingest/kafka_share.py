"""The partitions this worker holds: a pipeline each, with its own epoch, state and clock.

Taking one raises its epoch in the ledger, reads the state of its communities and says from where
to read. Whatever finds that the epoch has passed on drops the partition: its new worker does the
work, and nothing of ours was written.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from hub_server.alerting.book import Book
from hub_server.alerting.inputs import Tick
from hub_server.alerting.state import SECOND_STAGE
from hub_server.ingest.kafka_wire import partition_of
from hub_server.ingest.settings import KafkaSettings
from hub_server.ingest.types import ALERTS, Message
from hub_server.ledger.engine import Ledger, LedgerBusyError
from hub_server.ledger.epochs import Epoch, TakenOverError, take
from hub_server.pipeline.areas import Areas
from hub_server.pipeline.flow import Apply, Pipeline
from hub_server.pipeline.share import Share
from hub_server.pipeline.work import Clock, Parts, Receipts

log = structlog.get_logger("ingest")
SILENCE = timedelta(seconds=10)
"""Without a pulse of any bridge for that long nothing is received: absence cannot be judged."""
TRIES, RETRY_S = 30, 1.0
"""How often a ledger that is away is asked before the worker gives up."""


@dataclass
class _Held:
    epoch: Epoch
    pipeline: Pipeline
    since: datetime | None = None
    """Since when pulses follow one another."""
    last: datetime | None = None

    def pulse(self, at: datetime) -> None:
        if self.last is None or at - self.last > SILENCE:
            self.since = at
        self.last = max(self.last, at) if self.last else at

    def receiving_since(self, now: datetime) -> datetime | None:
        if self.last is None or now - self.last > SILENCE:
            return None
        return self.since


class Partitions:
    """Routes messages and ticks to the pipelines of the partitions held. Thread-safe.

    It is what one :class:`~hub_server.pipeline.flow.Pipeline` is to a source without partitions,
    and :class:`hub_server.ingest.source.Shares` to the one that has some.
    """

    def __init__(
        self, ledger: Ledger, parts: Parts, settings: KafkaSettings, holder: str, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._holder = holder
        self._clock = clock
        self._parts = parts
        self._planned: Apply | None = None
        self._held: dict[int, _Held] = {}
        self._lock = threading.RLock()
        self._unsaid = Receipts()
        self.lags: dict[int, int] = {}
        """Of partitions: how many records of each the reader has not fetched yet."""

    @property
    def parts(self) -> Parts:
        """What is in force."""
        return self._parts

    @property
    def held(self) -> list[int]:
        """The numbers of the partitions held."""
        with self._lock:
            return sorted(self._held)

    @property
    def timers(self) -> tuple[int, int]:
        """Of all partitions held: how many wait, and how many were due at the last tick."""
        found = [held.pipeline.timers for held in list(self._held.values())]
        return sum(wait for wait, _ in found), sum(due for _, due in found)

    @property
    def epochs(self) -> dict[int, int]:
        """The epoch of each partition held."""
        return {partition: one.epoch.number for partition, one in list(self._held.items())}

    def plan(self, parts: Parts, apply: Apply) -> None:
        """Work with ``parts``; ``apply`` runs before the first partition is taken."""
        self._parts, self._planned = parts, apply

    def switch(self, parts: Parts, apply: Apply) -> None:
        """Go on with ``parts``; every pipeline reads its state anew."""
        with self._lock:
            self._apply(apply)
            self._parts = parts
            for partition in self.held:
                held = self._held[partition]
                held.pipeline = self._pipeline(partition, held.epoch)

    def take(self, partition: int) -> int:
        """The partition is ours: raise its epoch, read its state; the offset to read from.

        Raises:
            DBAPIError: the ledger was away for half a minute.
        """
        with self._lock:
            for left in range(TRIES, 0, -1):
                try:
                    return self._take(partition)
                except (DBAPIError, LedgerBusyError):
                    if left == 1:
                        raise
                    log.exception("partition not taken, again soon", partition=partition)
                    time.sleep(RETRY_S)
        raise AssertionError("not reached")

    def leave(self, partition: int) -> None:
        """It is not ours any more."""
        with self._lock:
            if self._held.pop(partition, None):
                log.info("partition left", partition=partition)

    def pulse(self, partition: int, at: datetime) -> None:
        """All that bridges received until ``at`` is in the ledger."""
        with self._lock:
            if partition in self._held:
                self._held[partition].pulse(at)

    def lag(self, partition: int, records: int) -> None:
        """So many records of the partition were not fetched yet."""
        self.lags[partition] = records

    def run(self, batch: Sequence[Message]) -> tuple[Receipts, bool]:
        """Take a batch in, one transaction a partition; what is kept, and whether it matters.

        Raises:
            OperationalError: the ledger cannot be written now. Partitions that were done stay so;
                what they kept is said with the next batch that goes through.
        """
        changed = False
        with self._lock:
            for partition, messages in _by_partition(batch).items():
                with self._dropping(partition):
                    changed = self._run_one(partition, messages) or changed
            receipts, self._unsaid = self._unsaid, Receipts()
        return receipts, changed

    def tick(self, tick: Tick) -> bool:
        """Let the clock of every partition pass; whether anything changed."""
        changed = False
        with self._lock:
            for partition in self.held:
                held = self._held[partition]
                since = held.receiving_since(tick.now) if tick.receiving_since else None
                if partition == ALERTS:  # no rule over alerts judges their absence
                    since = tick.receiving_since
                with self._dropping(partition):
                    changed = held.pipeline.tick(Tick(tick.now, since)) or changed
        return changed

    def _run_one(self, partition: int, messages: Sequence[Message]) -> bool:
        held = self._held.get(partition)
        if held is None:  # fetched before it was taken from us
            return False
        new = [one for one in messages if _offset(one) >= held.epoch.position]
        if not new:
            return False
        held.epoch.reached = max(_offset(one) for one in new) + 1
        try:
            receipts, changed = held.pipeline.run(new)
        except BaseException:
            held.epoch.reached = held.epoch.position
            raise
        held.epoch.position = held.epoch.reached
        self._unsaid.update(receipts)
        return changed

    @contextmanager
    def _dropping(self, partition: int) -> Iterator[None]:
        try:
            yield
        except TakenOverError as error:
            log.warning("partition taken over", partition=partition, error=str(error))
            self._held.pop(partition, None)

    def _take(self, partition: int) -> int:
        if self._planned is not None:
            self._apply(self._planned)
            self._planned = None
        topic, number = self._settings.topic, partition
        if partition == ALERTS:
            topic, number = self._settings.alerts_topic, 0
        with self._ledger.write(lane_of(partition)) as conn:
            epoch = take(conn, topic, number, self._holder, self._clock())
        # after the commit: from here on nobody else changes what is read
        self._held[partition] = _Held(epoch, self._pipeline(partition, epoch))
        log.info("partition taken", partition=partition, epoch=epoch.number, offset=epoch.position)
        return epoch.position

    def _pipeline(self, partition: int, epoch: Epoch) -> Pipeline:
        areas, second = self._parts.areas, partition == ALERTS
        of = frozenset({SECOND_STAGE})
        if not second:
            of = communities(areas, partition, self._settings.partitions)
        share = Share(lane_of(partition), of, areas, second)
        return Pipeline(self._ledger, replace(self._parts, share=share), self._clock, epoch)

    def _apply(self, apply: Apply) -> None:
        book = Book({})
        with self._ledger.write() as conn:
            apply(conn, book, book.draft())


def lane_of(partition: int) -> str:
    """The name of a partition's writes in the ledger."""
    return "alerts" if partition == ALERTS else f"p{partition}"


def lane_of_community(community: str, partitions: int) -> str:
    """The lane of the pipeline that runs the rules of a community, or those over alerts."""
    if community == SECOND_STAGE:
        return lane_of(ALERTS)
    return lane_of(partition_of(community, partitions))


def communities(areas: Areas, partition: int, partitions: int) -> frozenset[str]:
    """The communities of a partition; empty, which stands for nowhere known, may be one of them."""
    known = {*areas.codes("community"), ""}
    return frozenset(code for code in known if partition_of(code, partitions) == partition)


def _by_partition(batch: Sequence[Message]) -> dict[int, list[Message]]:
    found: dict[int, list[Message]] = defaultdict(list)
    for message in batch:
        place = message.received.place
        if place is None:
            raise ValueError("place: expected where the log holds the message")
        found[place.partition].append(message)
    return dict(found)


def _offset(message: Message) -> int:
    place = message.received.place
    return place.offset if place else -1
