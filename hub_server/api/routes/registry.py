"""Names and places: areas, event types, and whom to dispatch to."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select

from hub_server.api.deps import Operator, ServicesDep, SignedIn
from hub_server.api.models import Area, EventTypeOf, Worker
from hub_server.auth.roles import Role
from hub_server.ledger.tables import areas, users
from linli_contract.event_types import EVENT_TYPES

router = APIRouter(tags=["registry"])


@router.get("/workers", summary="Whom to dispatch to")
def get_workers(
    user: Operator,
    parts: ServicesDep,
    grid: Annotated[str, Query(description="Only those who serve this grid")] = "",
) -> list[Worker]:
    """Workers of my area."""
    query = select(users).where(users.c.role == Role.WORKER.value, users.c.disabled.is_(False))
    with parts.ledger.read() as conn:
        rows = conn.execute(query.order_by(users.c.name)).mappings().all()
    return [
        Worker.model_validate(dict(row))
        for row in rows
        if _overlap(row["area"], user.area) and (not grid or grid.startswith(row["area"]))
    ]


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


@router.get("/areas", summary="Areas in and around mine, with outlines for the map")
def get_areas(user: SignedIn, parts: ServicesDep) -> list[Area]:
    """County, towns, communities and grids."""
    with parts.ledger.read() as conn:
        rows = conn.execute(select(areas).order_by(areas.c.code)).mappings().all()
    return [Area.model_validate(dict(row)) for row in rows if _overlap(row["code"], user.area)]


@router.get("/event-types", summary="What can happen, in both languages")
def get_event_types(_user: SignedIn) -> list[EventTypeOf]:
    """Names, colours and class codes."""
    return [
        EventTypeOf(name=one.name, zh=one.zh, en=one.en, colour=one.colour, code=one.code)
        for one in EVENT_TYPES.values()
    ]
