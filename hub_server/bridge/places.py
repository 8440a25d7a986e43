"""In which community a device stands, from a copy of the ledger's registry."""

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import areas, devices

log = structlog.get_logger("bridge")
FRESH_S = 10.0
"""How old the copy may get; a device that moved is at its new place by then."""
ASK_S = 1.0
"""How soon an unknown device is asked for again: it may have been enrolled just now."""


class Places:
    """Lives in one event loop; reads the ledger in a thread.

    While the ledger is away the old copy serves: a device it places wrongly is refused by the
    worker and sends again.
    """

    def __init__(self, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._communities: dict[str, str] = {}
        self._asked: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self.fault = "registry not read yet"
        """Why the copy is old; empty when it is not."""
        self._read_at: float | None = None

    @property
    def age_s(self) -> float | None:
        """How old the copy is; None before there is one."""
        return None if self._read_at is None else self._clock() - self._read_at

    async def community(self, device: str) -> str:
        """The community of ``device``; empty when it is not enrolled or lies in none."""
        known = self._communities.get(device)
        if known is not None:
            return known
        under_way = self._reading is not None and not self._reading.done()
        if under_way or self._asked is None or self._clock() - self._asked >= ASK_S:
            await self.read()
        return self._communities.get(device, "")

    async def read(self) -> None:
        """Read the registry; whoever asks meanwhile waits for the same answer."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())
        await asyncio.shield(self._reading)

    async def read_first(self) -> None:
        """Returns when it was read once: without it every message would go astray."""
        while self.fault:
            await self.read()
            if self.fault:
                await asyncio.sleep(ASK_S)

    async def keep_fresh(self) -> None:
        """Read it every :data:`FRESH_S`, until cancelled."""
        while True:
            await self.read()
            await asyncio.sleep(FRESH_S)

    async def _read(self) -> None:
        self._asked = self._clock()
        try:
            self._communities = await asyncio.to_thread(read_communities, self._ledger)
            self._read_at = self._asked
            self.fault = ""
        except SQLAlchemyError as error:  # the ledger is away: the old copy serves
            self.fault = f"registry not read: {type(error).__name__}"
            log.warning("registry not read, again soon", error=str(error))


def read_communities(ledger: Ledger) -> dict[str, str]:
    """Every device with the code of its community."""
    with ledger.read() as conn:
        codes = set(conn.scalars(select(areas.c.code).where(areas.c.level == "community")))
        rows = conn.execute(select(devices.c.device, devices.c.grid)).all()
    return {row.device: community_of(row.grid, codes) for row in rows}


def community_of(grid: str, communities: set[str]) -> str:
    """The longest code of ``communities`` that ``grid`` begins with; empty when none does.

    >>> community_of("330899001001001", {"330899001001", "330899002001"})
    '330899001001'
    """
    codes = (grid[:length] for length in range(len(grid), 0, -1))
    return next((code for code in codes if code in communities), "")
