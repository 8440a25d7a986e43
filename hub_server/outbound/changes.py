"""Wakes who waits for the ledger inside this process: drains in threads, long polls in the loop.

It carries no data: a waiter reads the ledger again. Other processes do not hear it, so every
waiter also looks by itself after ``POLL_S``.
"""

import asyncio
from collections.abc import Callable
from threading import Condition

POLL_S = 0.5


class Changes:
    """A counter that only grows; ``signal`` it after a commit."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._count = 0
        self._stopped = False
        self._listeners: set[Callable[[], None]] = set()

    @property
    def count(self) -> int:
        """Read it before looking into the ledger, and give it to :meth:`wait`."""
        with self._condition:
            return self._count

    def signal(self) -> None:
        """Something was committed; safe from any thread."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    @property
    def stopped(self) -> bool:
        """True once the program ends: nobody waits any more."""
        return self._stopped

    def stop(self) -> None:
        """Wake everybody for the last time; long polls answer at once from now on."""
        self._stopped = True
        self.signal()

    def wait(self, seen: int, timeout_s: float) -> int:
        """Block until the counter passes ``seen`` or the time is over; the counter."""
        with self._condition:
            self._condition.wait_for(lambda: self._count > seen or self._stopped, timeout_s)
            return self._count

    async def wait_async(self, seen: int, timeout_s: float) -> int:
        """As :meth:`wait`, without blocking the event loop."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        with self._condition:
            if self._count > seen or self._stopped:
                return self._count
            self._listeners.add(wake)
        try:
            async with asyncio.timeout(timeout_s):
                await woken.wait()
        except TimeoutError:
            pass  # the caller looks into the ledger either way
        finally:
            with self._condition:
                self._listeners.discard(wake)
        return self.count
