"""Runs something in one process at a time: the others stand by and take over."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from hub_server.ledger.lease import LEASE_S, RENEW_S, Lease

log = structlog.get_logger("hub")


class Standby:
    """Starts a part when its lease is ours, stops it when it is not.

    Args:
        start, stop: blocking; called in a thread, one at a time.
    """

    def __init__(
        self,
        lease: Lease,
        start: Callable[[], None],
        stop: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._lease, self._start, self._stop, self._clock = lease, start, stop, clock
        self._renewed: datetime | None = None
        self.holds = False
        """Whether the part runs here."""

    async def run(self) -> None:
        """Until cancelled; then the part is stopped and the lease given back."""
        try:
            while True:
                await asyncio.to_thread(self._look)
                await asyncio.sleep(RENEW_S)
        finally:
            await asyncio.to_thread(self._leave)

    def _look(self) -> None:
        ours = self._try()
        if ours and not self.holds:
            self._start()
            self.holds = True
            log.info("outbound runs here", holder=self._lease.holder)
        elif not ours and self.holds:
            self.holds = False
            log.warning("outbound runs elsewhere by now")
            self._stop()

    def _try(self) -> bool:
        now = self._clock()
        try:
            other = self._lease.take(now)
        except Exception:  # the ledger is busy or away: ours until the lease runs out
            log.exception("lease not renewed")
            return self._renewed is not None and now < self._renewed + timedelta(seconds=LEASE_S)
        self._renewed = None if other else now
        return other is None

    def _leave(self) -> None:
        if self.holds:
            self.holds = False
            self._stop()
            try:
                self._lease.release()
            except Exception:  # it runs out by itself
                log.exception("lease not given back")
