"""Coroutines that run beside each other, all of them or none."""

import asyncio
from collections.abc import Coroutine, Iterable

Job = Coroutine[object, object, object]


async def until_one_ends(todo: Iterable[Job]) -> None:
    """Run all until one ends; then the others are cancelled, and waited for.

    Raises:
        Exception: what the one that ended raised.
    """
    jobs = {asyncio.ensure_future(job) for job in todo}
    try:
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for job in done:
            job.result()
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
