"""Between the outbox and one connection: which rows go, and what became of them."""

from dataclasses import dataclass
from typing import Literal

import structlog

from edge_agent.outbox import Outbox
from edge_agent.publisher.acks import read_ack
from edge_agent.publisher.refusals import Refusals
from edge_agent.publisher.session import Session

DeleteOn = Literal["hub_ack", "puback"]
_LOOK_S = 1.0  # how often rows become due by time alone
MARK_S = 0.25
"""PUBACKs are written down together. What the hub confirms meanwhile needs no mark at all, and what
a power cut forgets is sent again, which the hub takes for the repetition that it is."""
_log = structlog.get_logger(__name__)


@dataclass
class Counters:
    """Since start; written by the publisher's thread only."""

    connections: int = 0
    sent: int = 0
    refused: int = 0
    confirmed: int = 0
    undecodable: int = 0
    """Control messages that are not what the contract says."""


class Drain:
    """Takes rows out and notes their fate.

    Args:
        outbox: what to send.
        delete_on: ``puback`` trusts the broker; only the control of a loss test uses it.
    """

    def __init__(self, outbox: Outbox, delete_on: DeleteOn) -> None:
        self.counters = Counters()
        self.refusals = Refusals()
        self._outbox = outbox
        self._delete_on = delete_on
        self._look_at = 0.0
        self._unmarked: list[int] = []
        self._mark_at = 0.0

    def begin(self) -> None:
        """A new connection: what is unconfirmed goes again."""
        self.counters.connections += 1
        self._unmarked.clear()  # the outbox knows them as in flight
        self._outbox.reset()

    def pump(self, session: Session, mono: float) -> None:
        """Hand rows to the broker as far as there is room."""
        if session.room <= 0 or not (self._outbox.wake.is_set() or mono >= self._look_at):
            return
        self._look_at = mono + _LOOK_S
        self._outbox.wake.clear()
        room = session.room
        rows = self._outbox.take(mono, room)
        for row in rows:
            self.refusals.handed(row.sequence, row.topic)
            session.publish(row.sequence, row.topic, row.body, mono)
        if len(rows) == room:
            self._outbox.wake.set()  # there may be more

    def note(self, session: Session, mono: float) -> None:
        """Write down what the broker took and what it refused."""
        sent, refused = session.sent, session.refused
        session.sent, session.refused = [], []
        self.counters.sent += len(sent)
        self.counters.refused += len(refused)
        if sent:
            self.refusals.accepted(sent)
            if self._delete_on == "puback":
                self._outbox.delete(sent)
            else:
                self._unmarked += sent
        if refused:
            for topic in self.refusals.refused(refused):
                _log.warning("the broker refuses a topic", topic=topic)
            self._outbox.mark_refused(refused, mono)
        if self._unmarked and mono >= self._mark_at:
            self.mark(mono)

    def mark(self, mono: float) -> None:
        """Write down every PUBACK that is not yet."""
        self._mark_at = mono + MARK_S
        unmarked, self._unmarked = self._unmarked, []
        self._outbox.mark_sent(unmarked, mono)

    def acknowledged(self, payload: bytes) -> None:
        """Delete what the hub has.

        Raises:
            DecodeError: the payload is no acknowledgement.
        """
        self.counters.confirmed += self._outbox.confirm(read_ack(payload))
