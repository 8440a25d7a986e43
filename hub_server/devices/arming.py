"""Zones and lines that people arm or disarm for a time, laid over the wished configuration.

The device reports what each zone does now; from that the patch is made, so that only what is
there is switched. When the time is over the hub wishes the configuration without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select

from hub_server.devices.desired import By, UnknownDeviceError, find_device, renew
from hub_server.devices.wish import Config
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import arming
from hub_server.ledger.upsert import insert
from linli_settings import ConfigError

SYSTEM = "linli"
"""Who ends what its time has ended."""
PIECE = 50
"""Ended in one transaction: a whole county may be armed until the same hour."""


@dataclass(frozen=True)
class Watched:
    """A zone or line of a camera, as the device reports it."""

    camera: str
    zone: str
    behaviours: tuple[str, ...]
    """Types; a line's is line_crossing."""
    armed: bool
    """Whether any of them is."""


@dataclass(frozen=True)
class Switch:
    """What is asked of a zone or line; ``armed`` None ends what was asked before."""

    camera: str
    zone: str
    armed: bool | None
    until: datetime | None = None


def watched(reported: object) -> list[Watched]:
    """Every zone and line of a reported configuration."""
    return [
        Watched(
            camera, str(row["name"]), tuple(str(b.get("type", "line_crossing")) for b in rows),
            any(b.get("armed", True) is not False for b in rows),
        )
        for camera, _, row, rows in _places(reported)
    ]  # fmt: skip


def switch(conn: Connection, device: str, asked: Switch, by: By) -> int:
    """Arm, disarm, or end either, and wish the configuration with it; its version.

    Raises:
        UnknownDeviceError: there is no such device.
        ConfigError: the device reports no such zone, or the time is over already.
    """
    row = find_device(conn, device)
    if asked.until is not None and asked.until <= by.at:
        raise ConfigError.one("arming", "until", "a time to come", asked.until.isoformat())
    here = (arming.c.device == device, arming.c.camera == asked.camera, arming.c.zone == asked.zone)
    if asked.armed is None:
        if conn.execute(delete(arming).where(*here)).rowcount == 0:
            raise ConfigError.one("arming", "zone", "one that was switched", repr(asked.zone))
    else:
        patch = _patch((row["reported"] or {}).get("config"), asked, asked.armed)
        _keep(conn, device, asked, patch, by)
    return renew(conn, device, By(by.author, by.at, by.note or _words(asked)))


def switched(conn: Connection, device: str) -> dict[tuple[str, str], RowMapping]:
    """What is switched now, by camera and zone."""
    rows = conn.execute(select(arming).where(arming.c.device == device)).mappings()
    return {(row["camera"], row["zone"]): row for row in rows}


def end_overdue(ledger: Ledger, now: datetime) -> int:
    """End a piece of what its time has ended; how many. Costs a read when nothing is due."""
    due = select(arming).where(arming.c.until <= now)
    with ledger.read() as conn:
        if conn.execute(due.limit(1)).first() is None:
            return 0
    with ledger.write() as conn:
        rows = conn.execute(due.limit(PIECE)).mappings().all()
        for row in rows:
            asked = Switch(row["camera"], row["zone"], None)
            try:
                switch(conn, row["device"], asked, By(SYSTEM, now, "its time is over"))
            except UnknownDeviceError:  # revoked meanwhile; the row is gone, nothing is to be sent
                conn.execute(delete(arming).where(arming.c.device == row["device"]))
    return len(rows)


def _keep(conn: Connection, device: str, asked: Switch, patch: Config, by: By) -> None:
    values: dict[str, object] = {"patch": patch, "armed": asked.armed, "until": asked.until}
    values |= {"author": by.author[:64], "created_at": by.at}
    row = insert(conn, arming).values(device=device, camera=asked.camera, zone=asked.zone, **values)
    keys = ["device", "camera", "zone"]
    conn.execute(row.on_conflict_do_update(index_elements=keys, set_=values))


def _patch(reported: object, asked: Switch, armed: bool) -> Config:
    """The merge patch that switches one zone or line of ``reported``."""
    for camera, group, row, rows in _places(reported):
        if (camera, row["name"]) == (asked.camera, asked.zone):
            inner = {"armed": armed} if group == "lines" else {"behaviours": _each(rows, armed)}
            return {"cameras": {camera: {group: {asked.zone: inner}}}}
    known = ", ".join(f"{one.camera}/{one.zone}" for one in watched(reported)) or "none"
    expected = f"a zone or line that the device reports ({known})"
    raise ConfigError.one("arming", "zone", expected, f"{asked.camera}/{asked.zone}")


def _each(rows: list[Config], armed: bool) -> object:
    types = [str(row["type"]) for row in rows]
    if len(set(types)) == len(types):
        return {name: {"armed": armed} for name in types}
    # by name only one of a type can be meant: the list is given whole
    return [{**row, "armed": armed} for row in rows]


def _places(reported: object) -> Iterator[tuple[str, str, Config, list[Config]]]:
    """(camera, zones or lines, its row, what can be armed in it)."""
    for camera in _rows(reported, "cameras"):
        for group in ("zones", "lines"):
            for row in _rows(camera, group):
                rows = [row] if group == "lines" else _rows(row, "behaviours")
                if rows:
                    yield str(camera["name"]), group, row, rows


def _rows(value: object, key: str) -> list[Config]:
    rows = value.get(key) if isinstance(value, Mapping) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _words(asked: Switch) -> str:
    what = {True: "arm", False: "disarm", None: "back to the configuration"}[asked.armed]
    until = f" until {asked.until.isoformat()}" if asked.until else ""
    return f"{what} {asked.camera}/{asked.zone}{until}"
