"""Devices and their sources in the ledger."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select

from hub_server.devices.profile import Site, SourceSettings
from hub_server.ledger.tables import areas, devices, sources
from hub_server.ledger.upsert import insert
from linli_settings import ConfigError

DEVICE_TOKEN = "lld_"  # noqa: S105 - a prefix, no secret
"""How a device's token begins; a person's never does."""


@dataclass(frozen=True)
class NewDevice:
    """A device as it is registered."""

    device: str
    county: str
    profile: str
    grid: str
    site: Site


def token_hash(token: str) -> str:
    """How the ledger keeps a device's token: it is random, so a plain SHA-256 is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def register(
    conn: Connection, new: NewDevice, token: str, now: datetime, *, replace: bool = False
) -> None:
    """Write a device and its sources.

    Raises:
        ConfigError: the grid is unknown, or the device is known and not ``replace``.
    """
    middles = {grid: _middle(conn, grid) for grid in {new.grid, *_grids(new.site)}}
    _check_new(conn, new.device, replace)
    values = {"device": new.device, "county": new.county, "profile": new.profile}
    values |= {"grid": new.grid, "token_hash": token_hash(token)}
    row = insert(conn, devices).values(**values, enrolled_at=now)
    changed = {**values, "enrolled_at": now, "revoked_at": None}
    conn.execute(row.on_conflict_do_update(index_elements=["device"], set_=changed))
    conn.execute(delete(sources).where(sources.c.device == new.device))
    for kind, ones in (("camera", new.site.cameras), ("sensor", new.site.sensors)):
        for one in ones:
            _source(conn, new, kind, one, middles)


def list_devices(conn: Connection) -> Sequence[RowMapping]:
    """Every device, by name."""
    return conn.execute(select(devices).order_by(devices.c.device)).mappings().all()


def _check_new(conn: Connection, device: str, replace: bool) -> None:
    known = conn.scalar(select(devices.c.device).where(devices.c.device == device))
    if known and not replace:
        fix = "add --replace to give it a new token and password"
        raise ConfigError.one("ledger", "device", "a new name", repr(device), fix)


def _grids(site: Site) -> set[str]:
    return {one.grid for one in (*site.cameras, *site.sensors) if one.grid}


def _middle(conn: Connection, grid: str) -> tuple[float, float]:
    """(lat, lon) of the middle of a grid's outline."""
    query = select(areas.c.outline).where(areas.c.code == grid, areas.c.level == "grid")
    outline = conn.scalar(query)
    if outline is None:
        query = select(areas.c.code).where(areas.c.level == "grid").order_by(areas.c.code)
        known = ", ".join(conn.scalars(query.limit(5))) or "none: its areas file is not loaded"
        expected = f"a grid of the county ({known} …)"
        raise ConfigError.one("ledger", "grid", expected, repr(grid))
    if not outline:
        return 0.0, 0.0
    lons, lats = [point[0] for point in outline], [point[1] for point in outline]
    return (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2


def _source(
    conn: Connection,
    new: NewDevice,
    kind: str,
    one: SourceSettings,
    middles: dict[str, tuple[float, float]],
) -> None:
    grid = one.grid or new.grid
    lat, lon = middles[grid] if one.lat is None or one.lon is None else (one.lat, one.lon)
    row = {"device": new.device, "name": one.name, "kind": kind, "zh": one.zh, "en": one.en}
    zones = {name: names.model_dump() for name, names in one.zones.items()}
    conn.execute(insert(conn, sources).values(**row, grid=grid, lat=lat, lon=lon, zones=zones))
