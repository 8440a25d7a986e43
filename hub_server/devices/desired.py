"""Desired configurations in the ledger: who wished what, when, and what the device says to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, true, update

from hub_server.audit import note as note_audit
from hub_server.devices.post import Wished, put_wishes
from hub_server.devices.wish import Config, check_wish, lay_over
from hub_server.ledger.tables import arming, desired, devices
from linli_contract.payloads import TwinDesired, TwinReported
from linli_contract.twin import ROLLED_BACK
from linli_settings import ConfigError

WAITING, TRIAL, APPLIED, REFUSED, ROLLED = "waiting", "trial", "applied", "refused", "rolled_back"
SUPERSEDED = "superseded"
"""Never answered: a newer one came before the device had heard of it."""
_IN_FORCE = (TRIAL, APPLIED)
KEPT = 100
"""Versions of one device; of older ones only the last that it took. The audit names them all."""


@dataclass(frozen=True)
class By:
    """Who wishes, why and when."""

    author: str
    at: datetime
    note: str = ""


class UnknownDeviceError(LookupError):
    """No such device is enrolled, or it was revoked."""


def find_device(conn: Connection, device: str) -> RowMapping:
    """The row of an enrolled device.

    Raises:
        UnknownDeviceError: there is none, or it was revoked.
    """
    query = select(devices).where(devices.c.device == device, devices.c.revoked_at.is_(None))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise UnknownDeviceError(f"device: expected an enrolled one, found {device!r}")
    return row


def newest(conn: Connection, device: str) -> RowMapping | None:
    """The desired configuration that counts; None while nobody wished anything."""
    return next(iter(versions(conn, device, 1)), None)


def versions(conn: Connection, device: str, most: int = 20) -> Sequence[RowMapping]:
    """The newest first."""
    query = select(desired).where(desired.c.device == device)
    return conn.execute(query.order_by(desired.c.version.desc()).limit(most)).mappings().all()


def wish(conn: Connection, device: str, config: object, by: By) -> int:
    """Keep a new desired configuration and let it wait to be sent; its version.

    What is armed or disarmed for a time is laid over it.

    Raises:
        UnknownDeviceError: there is no such device.
        ConfigError: the configuration may not be sent.
    """
    base = check_wish(config, "desired")
    return _add(conn, find_device(conn, device), base, by, "desired")


def roll_back(conn: Connection, device: str, version: int | None, by: By) -> int:
    """Wish once more what was wished as ``version`` (None: what the device took last before the
    newest); the new version.

    Raises:
        UnknownDeviceError: there is no such device.
        ConfigError: there is no such version.
    """
    row = find_device(conn, device)
    found = _earlier(conn, device) if version is None else _version(conn, device, version)
    if found is None and version not in (None, 0):
        known = ", ".join(str(one["version"]) for one in versions(conn, device)) or "none"
        expected = f"a version of this device ({known}), or 0 for its file"
        raise ConfigError.one("desired", "version", expected, str(version))
    to = found["version"] if found else 0
    by = By(by.author, by.at, by.note or f"back to version {to}")
    return _add(conn, row, dict(found["base"]) if found else {}, by, "rollback")


def renew(conn: Connection, device: str, by: By) -> int:
    """Send the newest wish with what is armed and disarmed now; its version."""
    row, last = find_device(conn, device), newest(conn, device)
    return _add(conn, row, dict(last["base"]) if last else {}, by, "arming")


def _add(conn: Connection, row: RowMapping, base: Config, by: By, action: str) -> int:
    device, county = str(row["device"]), str(row["county"])
    last = conn.scalar(select(func.max(desired.c.version)).where(desired.c.device == device))
    # never below what the device has seen: it may remember more than a ledger restored from a copy
    known = (row["reported"] or {}).get("version", 0)
    version = max(last or 0, int(known)) + 1
    config = _with_arming(conn, device, base)
    values = {"device": device, "version": version, "base": base, "config": config}
    conn.execute(
        insert(desired).values(**values, author=by.author[:64], note=by.note, created_at=by.at)
    )
    older = (desired.c.device == device, desired.c.version < version, desired.c.state == WAITING)
    conn.execute(update(desired).where(*older).values(state=SUPERSEDED))
    _forget_old(conn, device)
    put_wishes(conn, [Wished(county, device, version, _payload(version, config))])
    detail = {"version": version, "note": by.note}
    note_audit(conn, by.at, by.author, action, device, detail)
    return version


def _forget_old(conn: Connection, device: str) -> None:
    """Each version is a whole configuration, and a zone armed every night makes two of them."""
    mine = desired.c.device == device
    numbers = select(desired.c.version).where(mine)
    oldest = numbers.order_by(desired.c.version.desc()).offset(KEPT - 1).limit(1)
    taken = select(func.max(desired.c.version)).where(mine, desired.c.state.in_(_IN_FORCE))
    first, last = conn.scalar(oldest), conn.scalar(taken)
    if first is not None:
        old = delete(desired).where(mine, desired.c.version < first)
        conn.execute(old.where(desired.c.version != (last or 0)))


def _with_arming(conn: Connection, device: str, base: Config) -> Config:
    config: object = base
    for patch in conn.scalars(select(arming.c.patch).where(arming.c.device == device)):
        config = lay_over(config, patch)
    return config if isinstance(config, dict) else {}


def _payload(version: int, config: Config) -> bytes:
    return msgspec.json.encode(TwinDesired(version, config))


def _version(conn: Connection, device: str, version: int) -> RowMapping | None:
    query = select(desired).where(desired.c.device == device, desired.c.version == version)
    return conn.execute(query).mappings().one_or_none()


def _earlier(conn: Connection, device: str) -> RowMapping | None:
    """The newest version before the newest that the device had taken."""
    older = versions(conn, device, 1000)[1:]
    return next((row for row in older if row["state"] in _IN_FORCE), None)


def line_up(conn: Connection, device: str | None = None) -> None:
    """Let every device's (or this one's) newest wish be sent again; clear it for those revoked."""
    of = desired.c.device == device if device is not None else true()
    last = select(desired.c.device, func.max(desired.c.version).label("version"))
    top = last.where(of).group_by(desired.c.device).subquery()
    query = select(desired, devices.c.county, devices.c.revoked_at).join(
        top, (top.c.device == desired.c.device) & (top.c.version == desired.c.version)
    )
    rows = conn.execute(query.join(devices, devices.c.device == desired.c.device)).mappings()
    put_wishes(
        conn,
        [
            Wished(
                row["county"],
                row["device"],
                row["version"],
                b"" if row["revoked_at"] else _payload(row["version"], row["config"]),
            )
            for row in rows
        ],
    )


def note_reported(conn: Connection, device: str, told: TwinReported, now: datetime) -> None:
    """Write down what the device made of a version; of another than the ledger knows nothing."""
    before = _version(conn, device, told.version)
    if before is None:
        return
    here = (desired.c.device == device, desired.c.version == told.version)
    values = {"state": _state(before["state"], told), "errors": list(told.errors)}
    conn.execute(update(desired).where(*here).values(**values, answered_at=now))


def _state(before: str, told: TwinReported) -> str:
    if told.ok:
        return TRIAL if told.trial else APPLIED
    back = any(error.startswith(ROLLED_BACK) for error in told.errors)
    return ROLLED if back or before in (*_IN_FORCE, ROLLED) else REFUSED
