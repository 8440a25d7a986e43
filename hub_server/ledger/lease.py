"""A lease: one holder at a time, named, so that a second reader of a source is refused."""

import os
import socket
import uuid
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import leases
from hub_server.ledger.upsert import insert

LEASE_S = 10.0
RENEW_S = 2.0


class LeaseHeldError(RuntimeError):
    """Another process reads the source; the message names it."""


def this_process() -> str:
    """Host, process id and a mark of this start."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


class Lease:
    """The right to read ``name``; renew it every :data:`RENEW_S` seconds."""

    def __init__(self, ledger: Ledger, name: str, holder: str) -> None:
        self._ledger = ledger
        self._name = name
        self.holder = holder

    def take(self, now: datetime) -> tuple[str, datetime] | None:
        """Take or renew the lease; None, or who holds it instead and until when.

        A holder that ran on this machine and is no more (killed) is passed over at once.
        """
        with self._ledger.write() as conn:
            row = conn.execute(select(leases).where(leases.c.name == self._name)).one_or_none()
            if row and row.holder != self.holder and row.until > now and not _dead(row.holder):
                return str(row.holder), row.until
            until = now + timedelta(seconds=LEASE_S)
            take = insert(conn, leases).values(name=self._name, holder=self.holder, until=until)
            kept = {"holder": self.holder, "until": until}
            conn.execute(take.on_conflict_do_update(index_elements=["name"], set_=kept))
            return None

    def check(self, conn: Connection) -> None:
        """Inside a transaction: refuse to write what another holder writes too.

        Raises:
            LeaseHeldError: the lease is somebody else's by now.
        """
        row = conn.execute(select(leases.c.holder).where(leases.c.name == self._name)).scalar()
        if row != self.holder:
            raise LeaseHeldError(f"{self._name} is read by {row or 'nobody'}, not by {self.holder}")

    def release(self) -> None:
        """Give it back, if it is still held."""
        mine = (leases.c.name == self._name) & (leases.c.holder == self.holder)
        with self._ledger.write() as conn:
            conn.execute(leases.delete().where(mine))


def _dead(holder: str) -> bool:
    host, pid, _ = holder.split("/")
    if host != socket.gethostname() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
