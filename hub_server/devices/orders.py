"""Commands to devices: kept, sent before they expire, answered or not."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from hub_server.audit import note
from hub_server.devices.desired import By, find_device
from hub_server.devices.post import put_command
from hub_server.ledger.tables import commands, device_messages
from linli_contract import topics
from linli_contract.errors import TopicError
from linli_contract.ids import RANDOM_BYTES, uuid7
from linli_contract.payloads import Command, Reply
from linli_contract.topics import Channel
from linli_settings import ConfigError

MOST_WAITING = 20
"""Commands that may wait for one device; the device itself takes no more."""
LONGEST_S = 3600.0
"""A command is for now: what is to hold is wished."""
KEPT = timedelta(days=180)
WAITING, SENT, DONE, REFUSED, EXPIRED = "waiting", "sent", "done", "refused", "expired"


def order(
    conn: Connection, device: str, name: str, args: Mapping[str, object], expires_s: float, by: By
) -> str:
    """Keep a command and let it wait to be sent; its id.

    Raises:
        UnknownDeviceError: there is no such device.
        ConfigError: it could not be sent as it is, or too many wait.
    """
    row = find_device(conn, device)
    topic = _topic(str(row["county"]), device, name)
    if not 0 < expires_s <= LONGEST_S:
        raise ConfigError.one("command", "expires", f"0 s to {LONGEST_S:g} s", f"{expires_s:g} s")
    _check_room(conn, device)
    command_id = uuid7(int(by.at.timestamp() * 1000), os.urandom(RANDOM_BYTES))
    expires_at = by.at + timedelta(seconds=expires_s)
    payload = msgspec.json.encode(Command(command_id, name, expires_at, dict(args)))
    values = {"id": command_id, "device": device, "name": name, "args": dict(args)}
    times = {"created_at": by.at, "expires_at": expires_at}
    conn.execute(insert(commands).values(**values, **times, author=by.author[:64]))
    put_command(conn, topic, device, command_id, payload, expires_at)
    note(conn, by.at, by.author, "command", device, {**values, "id": command_id})
    return command_id


def _topic(county: str, device: str, name: str) -> str:
    try:
        return topics.build(county, device, Channel.COMMAND, name)
    except TopicError as error:
        raise ConfigError.one("command", "name", "a command's name", f"{error}") from None


def _check_room(conn: Connection, device: str) -> None:
    waiting = select(func.count()).select_from(device_messages)
    mine = waiting.where(device_messages.c.device == device, device_messages.c.retain.is_(False))
    if int(conn.scalar(mine) or 0) >= MOST_WAITING:
        found = f"{MOST_WAITING} that wait already"
        raise ConfigError.one("command", "device", "room for one more command", found, "try later")


def find_command(conn: Connection, command_id: str) -> RowMapping | None:
    """One command."""
    query = select(commands).where(commands.c.id == command_id)
    return conn.execute(query).mappings().one_or_none()


def commands_of(conn: Connection, device: str, most: int = 10) -> Sequence[RowMapping]:
    """The newest first."""
    query = select(commands).where(commands.c.device == device)
    newest = query.order_by(commands.c.created_at.desc(), commands.c.id.desc())
    return conn.execute(newest.limit(most)).mappings().all()


def state_of(row: RowMapping, now: datetime) -> str:
    """What became of a command: done or refused once there is an answer, however late."""
    if row["replied_at"] is not None:
        return DONE if row["ok"] else REFUSED
    if now >= row["expires_at"]:
        return EXPIRED
    return SENT if row["sent_at"] else WAITING


def is_late(row: RowMapping) -> bool:
    """Whether the answer came after the command had expired."""
    return row["replied_at"] is not None and bool(row["replied_at"] > row["expires_at"])


def note_reply(conn: Connection, device: str, reply: Reply, now: datetime) -> None:
    """Write an answer down; the first one counts, and only from the device that was asked."""
    here = (commands.c.id == reply.id, commands.c.device == device)
    row = update(commands).where(*here, commands.c.replied_at.is_(None))
    told = msgspec.to_builtins(reply)
    values = {"ok": reply.ok, "result": told.get("result", {}), "error": reply.error}
    conn.execute(row.values(replied_at=now, **values))


def prune_commands(conn: Connection, now: datetime) -> int:
    """Forget commands of long ago; the audit log keeps that they were given."""
    return int(conn.execute(delete(commands).where(commands.c.created_at < now - KEPT)).rowcount)
