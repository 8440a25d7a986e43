"""Looks after the rules while the hub runs: the folder, signals and what people ask."""

import asyncio
from concurrent.futures import Executor

import structlog

from hub_server.rule_sets.keeper import Keeper

log = structlog.get_logger("rules")
LOOK_S = 1.0


async def watch(keeper: Keeper, worker: Executor) -> None:
    """Until cancelled; reading is done beside the flow, only the switch in its thread.

    Args:
        worker: the pipeline's one thread: what runs there runs between two batches.
    """
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            for job in await asyncio.to_thread(keeper.look):
                await loop.run_in_executor(worker, job)
        except Exception:  # the ledger is busy or away: the old rules go on, and it is said
            log.exception("rules not looked after, again in a moment")
            keeper.again()
