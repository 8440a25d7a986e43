"""The long poll: what changed in my area since a number.

It waits in the event loop, so ten thousand phones cost no threads; every look into the ledger
runs in a worker thread.
"""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from hub_server.api.deps import ActorDep, ServicesDep
from hub_server.api.models import ChangesOf
from hub_server.api.services import Services
from hub_server.incidents.views import changed_since, last_change
from hub_server.outbound.changes import POLL_S

router = APIRouter(tags=["incidents"])


@router.get("/changes", summary="Wait for changes in my area")
async def get_changes(
    actor: ActorDep,
    parts: ServicesDep,
    request: Request,
    after: Annotated[int, Query(ge=0, description="The last change I know")] = 0,
    wait: Annotated[float, Query(ge=0, le=30, description="Seconds")] = 20,
) -> ChangesOf:
    """Answers at once when there are some, else when one comes or the wait is over."""
    clock = asyncio.get_running_loop().time
    until = clock() + wait
    while True:
        seen = parts.changes.count
        found = await run_in_threadpool(_look, parts, actor.area, after)
        left = until - clock()
        over = left <= 0 or parts.changes.stopped
        if found.incidents or over or await request.is_disconnected():
            return found
        await parts.changes.wait_async(seen, min(POLL_S, left))


def _look(parts: Services, area: str, after: int) -> ChangesOf:
    with parts.ledger.read() as conn:
        return ChangesOf(incidents=changed_since(conn, area, after), last=last_change(conn))
