"""What waits to be sent to devices: rows of the ledger until the broker has taken them.

A row is written in the transaction that decides it and deleted when the broker's PUBACK is
there, so a crash between the two sends it once more: a device takes a wish or a command that
comes twice once. What the PUBACK refuses is told (refused.py).
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import structlog
from sqlalchemy import Connection, delete, insert, or_, select, update

from hub_server.devices.refused import is_lost, note_refused
from hub_server.ingest.answers import NOBODY
from hub_server.ingest.types import Outgoing
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import commands, desired, device_messages, devices
from linli_contract import topics
from linli_contract.topics import Channel

log = structlog.get_logger("devices")
PIECE = 20
"""Messages that wait for their PUBACK together."""
POLL_S = 0.25
AGAIN = timedelta(seconds=5)
"""When a command is sent again that nobody was subscribed to, until it expires."""


@runtime_checkable
class Sender(Protocol):
    """Who brings messages to devices; its methods belong to one event loop."""

    @property
    def connected_since(self) -> datetime | None:
        """Since when there is a connection; None while there is none."""

    async def send(self, messages: Sequence[Outgoing]) -> list[int] | None:
        """Send with QoS 1; the broker's reason code for each, None when not all were answered.
        Never raises for a connection that is lost meanwhile."""


@dataclass(frozen=True)
class Wished:
    """A wish on its way; an empty payload clears what the broker keeps."""

    county: str
    device: str
    version: int
    payload: bytes


def put_wishes(conn: Connection, wishes: Sequence[Wished]) -> None:
    """Let retained wishes wait to be sent; of a device's only the newest waits."""
    names = [one.device for one in wishes]
    waiting = device_messages.c
    for some in batched(names):
        gone = delete(device_messages).where(waiting.device.in_(some), waiting.retain)
        conn.execute(gone)
    rows = [
        {
            "device": one.device,
            "topic": topics.build(one.county, one.device, Channel.TWIN_DESIRED),
            "payload": one.payload,
            "retain": True,
            "about": str(one.version),
        }
        for one in wishes
    ]
    if rows:
        conn.execute(insert(device_messages), rows)


def batched(names: Sequence[str], most: int = 500) -> Iterator[Sequence[str]]:
    """Pieces of at most ``most``: a statement takes so many values."""
    return (names[start : start + most] for start in range(0, len(names), most))


def put_command(
    conn: Connection, topic: str, device: str, command: str, payload: bytes, expires_at: datetime
) -> None:
    """Let a command wait until it is sent or has expired."""
    values = {"device": device, "topic": topic, "payload": payload, "retain": False}
    row = insert(device_messages).values(**values, about=command, expires_at=expires_at)
    conn.execute(row)


def drop_commands(conn: Connection, device: str) -> None:
    """Send none of the commands that still wait for ``device``."""
    gone = delete(device_messages).where(device_messages.c.device == device)
    conn.execute(gone.where(device_messages.c.retain.is_(False)))


class Post:
    """Drains the waiting messages, in order, while there is a connection.

    Args:
        again: called after each new connection, in a transaction: a broker may have lost what it
            kept, so every wish is put in line once more.
        tick: called every round, in a transaction of its own when it has something to do.
    """

    def __init__(
        self,
        ledger: Ledger,
        sender: Sender,
        again: Callable[[Connection], None],
        tick: Callable[[datetime], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._sender = sender
        self._again = again
        self._tick = tick
        self._clock = clock
        self._seen: datetime | None = None
        self._later: dict[int, datetime] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                more = await self._round()
            except Exception:  # the ledger is busy or away: what waits stays where it is
                log.exception("messages to devices wait")
                more = False
            if not more:
                await asyncio.sleep(POLL_S)

    async def _round(self) -> bool:
        """Send a piece; whether more may wait."""
        await asyncio.to_thread(self._tick, self._clock())
        since = self._sender.connected_since
        if since is None:
            return False
        if since != self._seen:
            await asyncio.to_thread(self._line_up)
            self._seen = since
        rows = await asyncio.to_thread(self._next)
        codes = await self._sender.send([down for _, _, down in rows]) if rows else None
        if codes is None:
            return False
        await asyncio.to_thread(self._answered, list(zip(rows, codes, strict=True)))
        return len(rows) == PIECE

    def _line_up(self) -> None:
        with self._ledger.write() as conn:
            self._again(conn)

    def _next(self) -> list[tuple[int, str, Outgoing]]:
        waiting, now = device_messages.c, self._clock()
        with self._ledger.read() as conn:
            stale = conn.scalar(select(waiting.seq).where(waiting.expires_at <= now).limit(1))
        if stale is not None:
            with self._ledger.write() as conn:
                conn.execute(delete(device_messages).where(waiting.expires_at <= now))
        query = select(device_messages).order_by(waiting.seq).limit(PIECE)
        # the broker keeps no command for a device that is away: it waits here, while it is worth it
        here = or_(waiting.retain, devices.c.state != "offline")
        query = query.join(devices, devices.c.device == waiting.device).where(here)
        alive = or_(waiting.expires_at.is_(None), waiting.expires_at > now)
        self._later = {seq: at for seq, at in self._later.items() if at > now}
        query = query.where(waiting.seq.not_in(list(self._later)))
        with self._ledger.read() as conn:
            rows = conn.execute(query.where(alive)).mappings().all()
        return [
            (r["seq"], r["about"], Outgoing(r["topic"], r["payload"], r["retain"])) for r in rows
        ]

    def _answered(self, rows: Sequence[tuple[tuple[int, str, Outgoing], int]]) -> None:
        now = self._clock()
        with self._ledger.write() as conn:
            for (seq, about, down), code in rows:
                device = self._device(conn, seq, keep=code == NOBODY and not down.retain)
                if device is None:  # a newer wish took its place meanwhile
                    continue
                if is_lost(code, down.retain):
                    note_refused(conn, device, about, code, now)
                    self._later[seq] = now + AGAIN
                else:
                    _note_sent(conn, device, about, now)

    def _device(self, conn: Connection, seq: int, keep: bool) -> str | None:
        """Whose message ``seq`` is; it is deleted unless it is to be sent again."""
        here = device_messages.c.seq == seq
        if keep:
            return conn.scalar(select(device_messages.c.device).where(here))
        return conn.scalar(delete(device_messages).where(here).returning(device_messages.c.device))


def _note_sent(conn: Connection, device: str, about: str, now: datetime) -> None:
    if about.isdecimal():
        here = (desired.c.device == device, desired.c.version == int(about))
        conn.execute(update(desired).where(*here, desired.c.sent_at.is_(None)).values(sent_at=now))
    else:
        row = update(commands).where(commands.c.id == about)
        conn.execute(row.values(sent_at=now))
        conn.execute(row.where(commands.c.replied_at.is_(None)).values(error=""))
