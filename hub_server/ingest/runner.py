"""Runs one source: lease, batches, acknowledgements and the clock's ticks."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Protocol, TypeVar

import structlog

from hub_server.alerting.inputs import Tick
from hub_server.alive import Alive
from hub_server.collector import look_for_cycles
from hub_server.ingest.acks import acks
from hub_server.ingest.batcher import Batcher
from hub_server.ingest.decode import decode
from hub_server.ingest.settings import BatchSettings
from hub_server.ingest.source import Source
from hub_server.ingest.types import Message, Received
from hub_server.ledger.lease import RENEW_S, Lease, LeaseHeldError
from hub_server.metrics.meter import Meter
from hub_server.pipeline.work import Receipts

log = structlog.get_logger("ingest")
T = TypeVar("T")
TICK_S = 1.0
FLUSH_S = 1.0
"""How long a stop waits for the batch under way."""


class Flow(Protocol):
    """A pipeline, or those of the partitions this process holds."""

    def run(self, batch: Sequence[Message]) -> tuple[Receipts, bool]: ...
    def tick(self, tick: Tick) -> bool: ...

    @property
    def timers(self) -> tuple[int, int]:
        """How many wait, and how many were due at the last tick."""


class Ingest:
    """One source into one pipeline, in the running event loop.

    Args:
        lease: the right to read the source; None where it divides itself among its readers.
        worker: one thread; the pipeline and the lease run there, never on the loop.
        signal: called after a commit that people or other systems must hear of.
        press: called with whether more waits than is taken at once.
        beside: what else runs as long as it does.
    """

    def __init__(
        self,
        source: Source,
        pipeline: Flow,
        lease: Lease | None,
        county: str,
        batch: BatchSettings,
        bound: int,
        worker: Executor,
        signal: Callable[[], None],
        clock: Callable[[], datetime],
        meter: Meter,
        alive: Alive,
        press: Callable[[bool], None],
        beside: Sequence[Callable[[], Coroutine[object, object, None]]] = (),
    ) -> None:
        self._beside = beside
        self._source = source
        self._pipeline = pipeline
        self._lease = lease
        self._county = county
        self._worker = worker
        self._signal = signal
        self._clock = clock
        self._alive = alive
        self._decode = meter.histogram("linli_ingest_batch_seconds", "decode")
        self.batcher = Batcher(batch, self._take, self._acknowledge, bound, clock, press)

    @property
    def flow(self) -> Flow:
        """Where batches go."""
        return self._pipeline

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    @property
    def ready(self) -> bool:
        """Messages come in and the ledger takes them."""
        return self._source.connected_since is not None and not self.batcher.fault

    @property
    def fault(self) -> str:
        """What is wrong; empty when nothing is."""
        return self.batcher.fault or self._source.fault

    def receiving_since(self) -> datetime | None:
        """Since when messages come and none of a backlog waits; None while they do not."""
        since, full = self._source.connected_since, self.batcher.full_at
        if since is None or self.batcher.fault:
            return None
        return max(since, full) if full else since

    async def run(self) -> None:
        """Receive until cancelled.

        Raises:
            LeaseHeldError: another process reads this source.
            ConfigError: the source will never accept these settings.
        """
        if self._lease is not None:
            await self._take_lease(self._lease)
        jobs = [self._source.run(self.batcher.submit), self.batcher.run(), self._tick()]
        jobs += [job() for job in self._beside]
        if self._lease is not None:
            jobs.append(self._renew(self._lease))
        tasks = [asyncio.ensure_future(job) for job in jobs]
        try:
            # not gather: it would cancel the batch under way before the stop can flush it
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._stop(tasks)

    async def _stop(self, tasks: Sequence[asyncio.Future[None]]) -> None:
        await self._source.stop()  # first: whatever is answered from here on reaches nobody
        end = asyncio.get_running_loop().time() + FLUSH_S
        while self.batcher.waiting and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._lease is not None:
            await self._in_worker("lease", self._lease.release)

    async def _take(self, batch: Sequence[Received]) -> Receipts:
        def work() -> tuple[Receipts, bool]:
            began = perf_counter()
            messages = [decode(received, self._county) for received in batch]
            self._decode.add(perf_counter() - began)
            return self._pipeline.run(messages)

        receipts, changed = await self._in_worker("batch", work)
        if changed:
            self._signal()
        return receipts

    def _acknowledge(self, receipts: Receipts) -> None:
        for topic, payload in acks(self._county, receipts):
            self._source.publish(topic, payload)

    async def _tick(self) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(TICK_S)
            await self._in_worker("tick", partial(look_for_cycles, number))
            tick = Tick(self._clock(), self.receiving_since())
            try:
                if await self._in_worker("tick", partial(self._pipeline.tick, tick)):
                    self._signal()
            except LeaseHeldError:
                raise
            except Exception:  # the ledger is busy or away: the next tick sees what this one did
                log.exception("tick failed")

    async def _take_lease(self, lease: Lease) -> None:
        """Wait out a holder that no longer renews; refuse to run beside one that does."""
        first = await self._try(lease)
        while first is not None:
            log.warning("waiting for the lease", holder=first[0])
            await asyncio.sleep(RENEW_S)
            again = await self._try(lease)
            if again is not None and again[1] != first[1]:
                raise LeaseHeldError(f"this source is read by {again[0]}, which is alive")
            first = again

    async def _try(self, lease: Lease) -> tuple[str, datetime] | None:
        return await self._in_worker("lease", lambda: lease.take(self._clock()))

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                held = await self._try(lease)
            except Exception:  # the ledger is busy or away; every write checks the lease itself
                log.exception("lease not renewed")
                continue
            if held is not None:
                raise LeaseHeldError(f"this source is read by {held[0]} since we stood still")

    async def _in_worker(self, what: str, job: Callable[[], T]) -> T:
        with self._alive.doing(what):
            return await asyncio.get_running_loop().run_in_executor(self._worker, job)
