"""Gathers messages into bounded batches; a message is answered when its batch is in the ledger.

While the worker writes one batch, the next one gathers: a busy hub takes what came meanwhile at
once. Batches that need not follow on each other begin no sooner than ``max_wait`` after the one
before: so a message that comes alone is taken at once, and a steady trickle shares its commits.
"""

import asyncio
import math
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from hub_server.ingest.settings import BatchSettings
from hub_server.ingest.types import Received
from hub_server.pipeline.work import Receipts

log = structlog.get_logger("ingest")
RETRY_S = 1.0
STATES = ("/status", "/twin/reported")
"""Ends of topics whose message nobody sends again by itself: the newest of each is put by."""
MOST_STATES = 20_000
"""Topics of which the newest message may be put by; of more, the oldest is dropped."""

Take = Callable[[Sequence[Received]], Awaitable[Receipts]]
"""Puts a batch into the ledger; raises when that is not possible now."""


@dataclass(slots=True)
class _Waiting:
    received: Received
    done: asyncio.Future[bool] | None
    """None when nobody waits: a state that was put by."""


class Batcher:
    """One queue, one batch under way. Lives in one event loop.

    Args:
        take: puts a batch into the ledger.
        tell_kept: called with what was kept, after the commit.
        bound: how many messages may wait; more are dropped and counted.
        press: called for each batch with whether it was at least half full.
    """

    def __init__(
        self,
        settings: BatchSettings,
        take: Take,
        tell_kept: Callable[[Receipts], None],
        bound: int,
        clock: Callable[[], datetime],
        press: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._take = take
        self._tell_kept = tell_kept
        self._bound = bound
        self._clock = clock
        self._press = press
        self._queue: deque[_Waiting] = deque()
        self._some, self._full = asyncio.Event(), asyncio.Event()
        self._began = -math.inf
        """When the last batch was taken, of the loop's clock."""
        self._put_by: OrderedDict[str, Received] = OrderedDict()
        self.waiting = 0
        """Messages that are not in the ledger yet."""
        self.dropped = 0
        """Messages refused because the queue was full; their device sends them again."""
        self.fault = ""
        """Why the ledger does not take anything now."""
        self.full_at: datetime | None = None
        """When the last full batch was taken: until then there was a backlog."""

    def submit(self, received: Received) -> asyncio.Future[bool]:
        """Done when ``received`` is in the ledger (True) or the queue was full (False)."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self.waiting >= self._bound:
            self._refuse(received)
            done.set_result(False)
        else:
            self._push(_Waiting(received, done))
        return done

    async def run(self) -> None:
        """Take batches until cancelled; what then waits was never answered, and comes again."""
        while True:
            await self._some.wait()
            await self._gather()
            await self._until_taken(self._next())

    def _push(self, item: _Waiting) -> None:
        self.waiting += 1
        self._queue.append(item)
        self._some.set()
        if len(self._queue) >= self._settings.max_events:
            self._full.set()

    def _refuse(self, received: Received) -> None:
        if received.topic.endswith(STATES):
            self._put_by[received.topic] = received
            self._put_by.move_to_end(received.topic)
            if len(self._put_by) <= MOST_STATES:
                return
            self._put_by.popitem(last=False)
        self.dropped += 1
        if self.dropped == 1 or self.dropped % 1000 == 0:
            log.error("ingest queue full", dropped=self.dropped, bound=self._bound)

    async def _gather(self) -> None:
        """Let messages wait for others while the last batch is not yet long ago."""
        now = asyncio.get_running_loop().time()
        left = self._began + self._settings.max_wait - now
        if left <= 0 or self._full.is_set():
            return
        try:
            async with asyncio.timeout(left):
                await self._full.wait()
        except TimeoutError:
            return

    def _next(self) -> list[_Waiting]:
        most, self._began = self._settings.max_events, asyncio.get_running_loop().time()
        batch = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        self._press(2 * len(batch) >= most)
        if len(batch) == most:
            self.full_at = self._clock()
        else:
            self._bring_back()
        if not self._queue:
            self._some.clear()
        if len(self._queue) < most:
            self._full.clear()
        return batch

    def _bring_back(self) -> None:
        """There is room again: the states that were put by take their turn."""
        while self._put_by and self.waiting < self._bound:
            _, received = self._put_by.popitem(last=False)
            self._push(_Waiting(received, None))

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
                if item.done is not None and not item.done.done():  # a waiter may be cancelled
                    item.done.set_result(True)
            return
