"""Devices: state, last seen, health, and what their outboxes had to drop."""

from collections.abc import Sequence
from dataclasses import asdict
from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import RowMapping, select

from hub_server.api.deps import ServicesDep, SignedIn
from hub_server.api.device_models import Device, DeviceDetail, GapOf, SourceOf, TombstoneOf
from hub_server.api.faults import faults_of, seen_by_hub
from hub_server.api.problems import ApiProblem
from hub_server.ledger.tables import devices, sources, tombstones
from hub_server.pipeline.sequences import gaps

router = APIRouter(prefix="/devices", tags=["devices"])


@router.get("", summary="Devices of my area")
def get_devices(user: SignedIn, parts: ServicesDep) -> list[Device]:
    """With their sources."""
    query = select(devices).where(devices.c.grid.startswith(user.area, autoescape=True))
    with parts.ledger.read() as conn:
        rows = conn.execute(query.order_by(devices.c.device)).mappings().all()
        places = conn.execute(select(sources).order_by(sources.c.name)).mappings().all()
    return [Device.model_validate(_view(row, places)) for row in rows]


@router.get("/{device}", summary="One device")
def get_device(device: str, user: SignedIn, parts: ServicesDep) -> DeviceDetail:
    """With its faults in words, and what its bounded outbox had to drop."""
    dropped = select(tombstones).where(tombstones.c.device == device)
    with parts.ledger.read() as conn:
        query = select(devices).where(devices.c.device == device)
        row = conn.execute(query).mappings().one_or_none()
        places = conn.execute(select(sources).where(sources.c.device == device)).mappings().all()
        lost = conn.execute(dropped.order_by(tombstones.c.seq.desc()).limit(100)).mappings().all()
        missing = gaps(conn, parts.clock(), device)
    if row is None or not user.sees(row["grid"]):
        raise ApiProblem(HTTPStatus.NOT_FOUND, f"device: {device!r} is not in your area")
    stones = [TombstoneOf.model_validate(dict(one)) for one in lost]
    seen = seen_by_hub(row["health"], row["last_seen"], missing)
    found = {
        "faults": [*faults_of(row["health"]), *seen],
        "tombstones": stones,
        "gaps": [GapOf(**asdict(gap)) for gap in missing],
    }
    return DeviceDetail.model_validate({**_view(row, places), **found})


def _view(row: RowMapping, places: Sequence[RowMapping]) -> dict[str, object]:
    own = [SourceOf.model_validate(dict(p)) for p in places if p["device"] == row["device"]]
    return {**row, "sources": own}
