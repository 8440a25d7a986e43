"""Figures for people; ``/metrics`` has the same for machines."""

from fastapi import APIRouter

from hub_server.api.deps import ServicesDep, SignedIn
from hub_server.api.figures import read_stats
from hub_server.api.models import Stats

router = APIRouter(tags=["figures"])


@router.get("/stats", summary="What came in, cases by state, what waits to go out")
def get_stats(_user: SignedIn, parts: ServicesDep) -> Stats:
    """Of the whole hub."""
    with parts.ledger.read() as conn:
        return read_stats(conn)
