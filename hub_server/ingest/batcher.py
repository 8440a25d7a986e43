"""Gathers messages into bounded batches; a message is answered when its batch is in the ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from hub_server.ingest.settings import BatchSettings
from hub_server.ingest.types import Received
from hub_server.pipeline.work import Receipts

log = structlog.get_logger("ingest")
RETRY_S = 1.0

Take = Callable[[Sequence[Received]], Awaitable[Receipts]]
"""Puts a batch into the ledger; raises when that is not possible now."""


@dataclass
class _Waiting:
    received: Received
    done: asyncio.Future[None]


class Batcher:
    """One queue, one batch under way. Lives in one event loop.

    Args:
        take: puts a batch into the ledger.
        tell_kept: called with what was kept, after the commit.
        bound: how many messages may wait; more are dropped and counted.
    """

    def __init__(
        self,
        settings: BatchSettings,
        take: Take,
        tell_kept: Callable[[Receipts], None],
        bound: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._take = take
        self._tell_kept = tell_kept
        self._bound = bound
        self._clock = clock
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self.waiting = 0
        """Messages that are not in the ledger yet."""
        self.dropped = 0
        """Messages refused because the queue was full; their device sends them again."""
        self.fault = ""
        """Why the ledger does not take anything now."""
        self.full_at: datetime | None = None
        """When the last full batch was taken: until then there was a backlog."""

    async def submit(self, received: Received) -> bool:
        """Wait until ``received`` is in the ledger; False when the queue was full."""
        if self.waiting >= self._bound:
            self.dropped += 1
            if self.dropped == 1 or self.dropped % 1000 == 0:
                log.error("ingest queue full", dropped=self.dropped, bound=self._bound)
            return False
        item = _Waiting(received, asyncio.get_running_loop().create_future())
        self.waiting += 1
        self._queue.put_nowait(item)
        await item.done
        return True

    async def run(self) -> None:
        """Take batches until cancelled; what then waits was never answered, and comes again."""
        while True:
            batch = [await self._queue.get()]
            await self._gather(batch)
            await self._until_taken(batch)

    async def _gather(self, batch: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._settings.max_wait
        while len(batch) < self._settings.max_events:
            if not self._queue.empty():
                batch.append(self._queue.get_nowait())
                continue
            left = end - loop.time()
            if left <= 0:
                return
            try:
                batch.append(await asyncio.wait_for(self._queue.get(), left))
            except TimeoutError:
                return
        self.full_at = self._clock()

    async def _until_taken(self, batch: list[_Waiting]) -> None:
        while True:
            try:
                receipts = await self._take([item.received for item in batch])
            except Exception as error:  # the ledger is away or full: nothing is lost, wait for it
                self.fault = f"{type(error).__name__}: {error}"
                log.exception("ledger does not take the batch, again soon", messages=len(batch))
                await asyncio.sleep(RETRY_S)
                continue
            self.fault = ""
            self._tell_kept(receipts)
            self.waiting -= len(batch)
            for item in batch:
                if not item.done.done():  # its waiter may have been cancelled
                    item.done.set_result(None)
            return
