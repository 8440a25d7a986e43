"""Takes rows from the outbox to the broker and the hub's acknowledgements back to the outbox.

One thread. It reconnects for ever with jittered back-off, and while it cannot connect it is red:
``faults`` says why and what to do.
"""

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import structlog

from edge_agent.backoff import Backoff
from edge_agent.clock import Moment, new_id
from edge_agent.outbox import Outbox, OutboxError
from edge_agent.publisher import reasons
from edge_agent.publisher.acks import read_ack
from edge_agent.publisher.client import OFFLINE, Identity, make_client, set_will, status
from edge_agent.publisher.refusals import Refusals
from edge_agent.publisher.session import Session
from edge_agent.publisher.settings import BrokerSettings
from linli_contract.errors import ContractError
from linli_contract.faults import fault
from linli_contract.topics import Channel, Topic, parse
from linli_settings import ConfigError

DeleteOn = Literal["hub_ack", "puback"]
OnControl = Callable[[Topic, bytes], None]
WINDOW = 20  # Mosquitto's default for messages in flight
_TURN_S = 0.05
_LOOK_S = 1.0  # how often rows become due by time alone
_ANSWER_S = 10.0  # CONNACK and SUBACK must have come by then
_GOODBYE_S = 0.5
_TOLD = 100
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counters:
    """Since start."""

    connections: int = 0
    sent: int = 0
    refused: int = 0
    confirmed: int = 0
    undecodable: int = 0
    """Control messages that are not what the contract says."""


class Publisher:
    """The device's side of MQTT.

    Args:
        settings: the broker.
        identity: under which name.
        outbox: what to send.
        now: the clock.
        on_control: gets what is not an acknowledgement (twin, commands), in this thread; must be
            quick and must not raise.
        base: folder from which relative paths of the settings count.
        delete_on: ``puback`` trusts the broker; only the control of a loss test uses it.
        jitter: numbers 0-1.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        identity: Identity,
        outbox: Outbox,
        now: Callable[[], Moment],
        on_control: OnControl,
        base: Path = Path(),
        delete_on: DeleteOn = "hub_ack",
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._outbox = outbox
        self._now = now
        self._on_control = on_control
        self._base = base
        self._delete_on = delete_on
        self._backoff = Backoff(jitter)
        self._refusals = Refusals()
        self._told: deque[tuple[str, bytes, bool]] = deque(maxlen=_TOLD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._fault = ""
        self._connected = False
        self._heard = 0.0
        self.counters = Counters()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Say goodbye and end; what is unsent stays in the outbox."""
        self._stop.set()
        self._outbox.wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    @property
    def connected(self) -> bool:
        """Connected and subscribed."""
        return self._connected

    def silent_s(self, mono: float) -> float:
        """Seconds of this connection without an acknowledgement; 0 while not connected."""
        return mono - self._heard if self._connected else 0.0

    def faults(self) -> tuple[str, ...]:
        """What is wrong, by code; empty when all is well."""
        found = [self._fault] if self._fault else []
        return tuple(found + self._refusals.faults())

    def tell(self, channel: Channel, body: bytes, name: str = "", retain: bool = False) -> None:
        """Publish state (a reply, the reported twin) as soon as there is a connection.

        It is not counted and not kept over a restart; beyond 100 waiting the oldest is dropped.
        """
        self._told.append((self._identity.topic(channel, name), body, retain))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._connect_once()
            except (OSError, ConfigError) as error:
                detail = str(error) if isinstance(error, ConfigError) else ""
                self._red(
                    fault("broker_credentials", detail) if detail else reasons.of_error(error)
                )
            except OutboxError as error:
                self._red(fault("outbox_write", str(error)))
            except Exception as error:  # noqa: BLE001 - the thread must live; it is red meanwhile
                _log.exception("publisher failed")
                self._red(fault("part_failed", f"publisher: {type(error).__name__}"))
            self._connected = False
            self._stop.wait(self._backoff.next())

    def _red(self, text: str) -> None:
        if text != self._fault:
            _log.warning("broker connection", fault=text)
        self._fault = text

    def _connect_once(self) -> None:
        connection = new_id()
        client = make_client(self._settings, self._identity.device, self._base)
        set_will(client, self._identity, connection)
        session = Session(client, self._identity, connection, self._received, WINDOW)
        client.connect(self._settings.host, self._settings.port, int(self._settings.keepalive))
        try:
            if self._greeted(session):
                self._serve(session)
        finally:
            self._goodbye(session)
        if session.fault:
            self._red(session.fault)

    def _greeted(self, session: Session) -> bool:
        limit = self._now().mono + _ANSWER_S
        while not session.ready and not self._stop.is_set():
            if not session.turn(_TURN_S):
                return False
            if self._now().mono > limit:
                session.fault = fault("broker_no_answer")
                return False
        return session.ready

    def _serve(self, session: Session) -> None:
        self._outbox.reset()
        self._backoff.reset()
        self._heard = self._now().mono
        self._fault, self._connected = session.fault, True
        self.counters = replace(self.counters, connections=self.counters.connections + 1)
        _log.info("connected to the broker", protocol=self._settings.protocol)
        look_at = 0.0
        while not self._stop.is_set() and session.turn(_TURN_S):
            self._note(session)
            self._tell(session)
            mono = self._now().mono
            if self._outbox.wake.is_set() or mono >= look_at:
                look_at = mono + _LOOK_S
                self._pump(session, mono)

    def _pump(self, session: Session, mono: float) -> None:
        room = session.room
        if room <= 0:
            return
        self._outbox.wake.clear()
        rows = self._outbox.take(mono, room)
        for row in rows:
            self._refusals.handed(row.sequence, row.topic)
            session.publish(row.sequence, row.topic, row.body)
        if len(rows) == room:
            self._outbox.wake.set()  # there may be more

    def _note(self, session: Session) -> None:
        sent, refused = session.sent, session.refused
        session.sent, session.refused = [], []
        if sent:
            self._refusals.accepted(sent)
            if self._delete_on == "puback":
                self._outbox.delete(sent)
            else:
                self._outbox.mark_sent(sent, self._now().mono)
        if refused:
            for topic in self._refusals.refused(refused):
                _log.warning("the broker refuses a topic", topic=topic)
            self._outbox.mark_refused(refused, self._now().mono)
        counters = self.counters
        self.counters = replace(
            counters, sent=counters.sent + len(sent), refused=counters.refused + len(refused)
        )

    def _tell(self, session: Session) -> None:
        while self._told:
            topic, body, retain = self._told.popleft()
            session.tell(topic, body, retain)

    def _received(self, topic_text: str, payload: bytes) -> None:
        try:
            topic = parse(topic_text)
            if topic.channel is not Channel.ACK:
                self._on_control(topic, payload)
                return
            count = self._outbox.confirm(read_ack(payload))
            self._heard = self._now().mono
        except ContractError as error:
            _log.warning("control message not understood", topic=topic_text, error=str(error))
            self.counters = replace(self.counters, undecodable=self.counters.undecodable + 1)
        else:
            self.counters = replace(self.counters, confirmed=self.counters.confirmed + count)

    def _goodbye(self, session: Session) -> None:
        """Tell the hub that this end is meant, where the connection still stands."""
        self._connected = False
        if session.ready and self._stop.is_set():
            body = status(OFFLINE, session.connection, self._identity, "stopped")
            session.tell(self._identity.topic(Channel.STATUS), body, retain=True)
            limit = self._now().mono + _GOODBYE_S
            while session.turn(_TURN_S) and session.client.want_write():
                if self._now().mono > limit:
                    break
            self._note(session)
        session.client.disconnect()
