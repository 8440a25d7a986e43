"""Whether this process still gets on: its loop turns, and nothing has been under way for a minute.

Alive is less than ready: a hub whose broker or ledger is away is alive, it waits and says so. What
hangs ends by itself no more, so a supervisor starts the process anew.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STUCK_S = 60.0
BEAT_S = 1.0


class Alive:
    """Thread-safe; asking it waits for nothing.

    Args:
        clock: seconds that only grow.
    """

    def __init__(
        self, stuck_s: float = STUCK_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stuck_s, self._clock = stuck_s, clock
        self._doing: dict[object, tuple[str, float]] = {}
        self._beat: float | None = None

    async def run(self) -> None:
        """Turn with the loop until cancelled."""
        while True:
            self._beat = self._clock()
            await asyncio.sleep(BEAT_S)

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """What runs in this block, and waits for its turn in it, is over within a minute."""
        mark = object()
        self._doing[mark] = (what, self._clock())
        try:
            yield
        finally:
            del self._doing[mark]

    def fault(self) -> str:
        """What hangs, and since when; empty while nothing does."""
        now = self._clock()
        under_way = [("event loop", self._beat)] if self._beat is not None else []
        for what, since in [*under_way, *list(self._doing.values())]:
            if now - since > self._stuck_s:
                return f"{what} hangs for {now - since:.0f} s"
        return ""
