"""The clock the rules ran by, kept so that a replay can repeat it: absence is judged only over
time in which the hub was receiving, and nothing is judged while no hub ran."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, update

from hub_server.alerting.inputs import Tick
from hub_server.ledger.tables import receiving

RENEW = timedelta(seconds=10)
"""A row says at least this often that ticks still run: what a kill -9 can leave unsaid."""


class Journal:
    """Writes down from when to when ticks ran, and since when the hub received in each.

    Args:
        lane: whose clock it is, where several pipelines have their own.
    """

    def __init__(self, lane: str = "") -> None:
        self._lane = lane
        self._seq: int | None = None
        self._since: datetime | None = None
        self._last: datetime | None = None

    def due(self, tick: Tick) -> bool:
        """Whether ``tick`` says something new, or nothing was said for a while."""
        if self._seq is None or self._last is None or tick.receiving_since != self._since:
            return True
        return tick.now - self._last >= RENEW or tick.now < self._last

    def note(self, conn: Connection, tick: Tick) -> None:
        """``tick`` ran; call :meth:`kept` once that is committed."""
        if self._seq is None or tick.receiving_since != self._since:
            values = {"first": tick.now, "last": tick.now, "since": tick.receiving_since}
            row = insert(receiving).values(lane=self._lane, **values).returning(receiving.c.seq)
            self._next = int(conn.execute(row).scalar_one())
        else:
            self._next = self._seq
            here = receiving.c.seq == self._seq
            conn.execute(update(receiving).where(here).values(last=tick.now))

    def kept(self, tick: Tick) -> None:
        """What :meth:`note` wrote is committed."""
        self._seq, self._since, self._last = self._next, tick.receiving_since, tick.now


def prune_journal(conn: Connection, before: datetime) -> int:
    """Drop what no replay can reach; how many rows."""
    return int(conn.execute(delete(receiving).where(receiving.c.last < before)).rowcount)
