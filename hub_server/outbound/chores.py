"""What keeps the ledger small: done every minute by the one process whose outbound side runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime

import structlog

from hub_server.devices.orders import prune_commands
from hub_server.ledger.engine import Ledger
from hub_server.ledger.standby import Standby
from hub_server.outbound.prune import prune_outbound
from hub_server.pipeline.prune import Ages, prune_all
from hub_server.pipeline.second_stage import prune_counted
from hub_server.settings import LimitSettings
from hub_server.stores.cursors import bound_series
from hub_server.stores.kpi import add_kpi_points

log = structlog.get_logger("hub")
CHORES_S = 60.0
STANDBY_S = 0.5
"""How soon the chores notice that the outbound side begins here."""


class Chores:
    """Every :data:`CHORES_S` while ``standby`` holds.

    Args:
        worker: the pipeline's one thread: what runs there runs between two batches.
    """

    def __init__(
        self,
        ledger: Ledger,
        limits: LimitSettings,
        standby: Standby,
        worker: Executor,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger, self._standby = ledger, standby
        size = limits.quarantine_size
        self._ages = Ages(limits.dedupe, limits.replay, limits.audit, size, limits.alerts)
        self._worker, self._clock = worker, clock

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            if not self._standby.holds:
                await asyncio.sleep(STANDBY_S)
                continue
            try:
                await loop.run_in_executor(self._worker, self._tidy)
                # beside the pipeline, which goes on between the pieces
                await loop.run_in_executor(None, self._prune)
            except Exception:  # the ledger is busy or away: again in a minute
                log.exception("chores failed")
            await asyncio.sleep(CHORES_S)

    def _prune(self) -> None:
        prune_all(self._ledger, self._clock(), self._ages)

    def _tidy(self) -> None:
        now = self._clock()
        with self._ledger.write() as conn:
            prune_outbound(conn, now)
            bound_series(conn)
            prune_commands(conn, now)
            prune_counted(conn, now)
            add_kpi_points(conn, now)
