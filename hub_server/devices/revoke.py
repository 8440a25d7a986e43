"""A device that may no longer send: its token, its wishes and its commands end."""

from datetime import datetime

from sqlalchemy import Connection, update

from hub_server.audit import note
from hub_server.devices.desired import find_device, newest
from hub_server.devices.post import Wished, drop_commands, put_wishes
from hub_server.ledger.tables import devices


def revoke(conn: Connection, device: str, author: str, now: datetime) -> None:
    """Take nothing of ``device`` any more, and clear the wish that the broker keeps for it.

    Its account at the broker is a line of the broker's own files.

    Raises:
        UnknownDeviceError: there is none, or it was revoked before.
    """
    row, last = find_device(conn, device), newest(conn, device)
    conn.execute(update(devices).where(devices.c.device == device).values(revoked_at=now))
    drop_commands(conn, device)
    if last is not None:
        put_wishes(conn, [Wished(str(row["county"]), device, last["version"], b"")])
    note(conn, now, author, "revoke", device)
