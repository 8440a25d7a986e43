"""Who may write what a partition of the event log holds: the newest epoch, nobody else.

A worker that is given a partition raises its epoch. Every transaction of that partition moves its
position on and requires its epoch; so one that was taken over while it stood still writes nothing.
"""

from datetime import datetime

from sqlalchemy import Connection, update

from hub_server.ledger.lease import LeaseHeldError
from hub_server.ledger.tables import partitions
from hub_server.ledger.upsert import insert


class TakenOverError(LeaseHeldError):
    """Another worker has the partition by now; nothing was written."""


class Epoch:
    """The right to write one partition, from :func:`take` until somebody else takes it."""

    def __init__(self, topic: str, partition: int, number: int, position: int) -> None:
        self.topic = topic
        self.partition = partition
        self.number = number
        self.position = position
        """The next offset to read, as of the newest commit."""
        self.reached = position
        """The next offset to read once the transaction under way commits."""

    def check(self, conn: Connection) -> None:
        """Inside a transaction: keep :attr:`reached`, if the partition is still ours.

        Raises:
            TakenOverError: it is not.
        """
        mine = (
            (partitions.c.topic == self.topic)
            & (partitions.c.partition == self.partition)
            & (partitions.c.epoch == self.number)
        )
        row = update(partitions).where(mine).values(position=self.reached)
        if conn.execute(row).rowcount != 1:
            where = f"{self.topic}/{self.partition}"
            raise TakenOverError(f"{where} has another worker since epoch {self.number}")


def take(conn: Connection, topic: str, partition: int, holder: str, now: datetime) -> Epoch:
    """Raise the epoch of a partition: from the commit on nobody else can write it."""
    row = insert(conn, partitions).values(
        topic=topic, partition=partition, epoch=1, position=0, holder=holder, taken_at=now
    )
    raised = row.on_conflict_do_update(
        index_elements=["topic", "partition"],
        set_={"epoch": partitions.c.epoch + 1, "holder": holder, "taken_at": now},
    )
    found = conn.execute(raised.returning(partitions.c.epoch, partitions.c.position)).one()
    return Epoch(topic, partition, found.epoch, found.position)
