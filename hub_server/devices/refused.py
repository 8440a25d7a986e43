"""What the broker did not take of the messages to devices, told where people look."""

from datetime import datetime

import structlog
from sqlalchemy import Connection, update

from hub_server.ingest.answers import FAILED, NOBODY
from hub_server.ledger import counters
from hub_server.ledger.tables import commands, desired

log = structlog.get_logger("devices")
_WORDS = {
    NOBODY: "nobody is subscribed to it",
    0x80: "unspecified error",
    0x83: "implementation specific error",
    0x87: "not authorized",
    0x90: "topic name invalid",
    0x91: "packet identifier in use",
    0x97: "quota exceeded",
    0x99: "payload format invalid",
}
"""MQTT 5, 3.4.2.1: the reasons a PUBACK gives."""


def is_lost(code: int, retain: bool) -> bool:
    """Whether a message with this answer reaches nobody; a retained one waits at the broker."""
    return code >= FAILED or (code == NOBODY and not retain)


def words(code: int) -> str:
    """For a person."""
    return f"broker: {_WORDS.get(code, 'refused')} (0x{code:02x})"


def note_refused(conn: Connection, device: str, about: str, code: int, now: datetime) -> None:
    """Write down that the broker did not take the wish or the command ``about``.

    A command that it refuses will not be done; one that nobody listens to is sent again.
    """
    tell = log.error if code >= FAILED else log.info
    tell("broker does not deliver a message", device=device, about=about, reason=words(code))
    counters.add(conn, "device_messages_refused")
    if about.isdecimal():
        here = (desired.c.device == device, desired.c.version == int(about))
        conn.execute(update(desired).where(*here).values(errors=[words(code)]))
        return
    row = update(commands).where(commands.c.id == about, commands.c.replied_at.is_(None))
    values: dict[str, object] = {"error": words(code)}
    if code >= FAILED:
        values |= {"replied_at": now, "ok": False}
    conn.execute(row.values(**values))
