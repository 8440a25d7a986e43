"""What was refused at the door and what devices had to drop."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Select, or_, select

from hub_server.api.deps import Caretaker, ServicesDep
from hub_server.api.device_models import GapOf, QuarantineOf, TombstoneOf
from hub_server.auth.users import User
from hub_server.ledger.tables import devices, quarantine, tombstones
from hub_server.pipeline.sequences import gaps

router = APIRouter(tags=["devices"])
SHOWN_BYTES = 2000
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/quarantine", summary="Messages that could not be taken in, newest first")
def get_quarantine(user: Caretaker, parts: ServicesDep, limit: Limit = 100) -> list[QuarantineOf]:
    """Of devices in my area; those of no known device are shown to everybody who may ask."""
    unknown = quarantine.c.device.not_in(select(devices.c.device))
    seen = or_(unknown, quarantine.c.device.in_(_devices_of(user)))
    query = select(quarantine).where(seen).order_by(quarantine.c.seq.desc()).limit(limit)
    with parts.ledger.read() as conn:
        rows = conn.execute(query).mappings().all()
    return [QuarantineOf.model_validate({**row, **_shown(row["payload"])}) for row in rows]


@router.get("/tombstones", summary="What devices had to drop, newest first")
def get_tombstones(user: Caretaker, parts: ServicesDep, limit: Limit = 100) -> list[TombstoneOf]:
    """Ranges of sequence numbers with their cause."""
    query = select(tombstones).where(tombstones.c.device.in_(_devices_of(user)))
    with parts.ledger.read() as conn:
        rows = conn.execute(query.order_by(tombstones.c.seq.desc()).limit(limit)).mappings().all()
    return [TombstoneOf.model_validate(dict(row)) for row in rows]


@router.get("/gaps", summary="Messages that did not come and that nobody declared dropped")
def get_gaps(user: Caretaker, parts: ServicesDep) -> list[GapOf]:
    """Ranges of sequence numbers missing for more than 10 minutes, of devices in my area."""
    with parts.ledger.read() as conn:
        mine = set(conn.scalars(_devices_of(user)))
        found = gaps(conn, parts.clock())
    return [GapOf(**asdict(gap)) for gap in found if gap.device in mine]


def _devices_of(user: User) -> Select[str]:
    return select(devices.c.device).where(devices.c.grid.startswith(user.area, autoescape=True))


def _shown(payload: bytes) -> dict[str, object]:
    return {"payload": payload[:SHOWN_BYTES].decode("utf-8", "replace"), "size": len(payload)}
