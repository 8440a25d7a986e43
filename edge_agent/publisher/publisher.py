"""Takes rows from the outbox to the broker and the hub's acknowledgements back to the outbox.

One thread. It reconnects for ever with jittered back-off, and while it cannot connect it is red:
``faults`` says why and what to do.
"""

import random
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from edge_agent.backoff import Backoff
from edge_agent.clock import Moment, new_id
from edge_agent.outbox import Outbox, OutboxError
from edge_agent.publisher import reasons
from edge_agent.publisher.client import OFFLINE, Identity, make_client, set_will, status
from edge_agent.publisher.drain import Counters, DeleteOn, Drain
from edge_agent.publisher.session import Session
from edge_agent.publisher.settings import BrokerSettings
from edge_agent.pulse import Pulse
from linli_contract.errors import ContractError
from linli_contract.faults import explain, fault
from linli_contract.topics import Channel, Topic, parse
from linli_settings import ConfigError

OnControl = Callable[[Topic, bytes], None]
WINDOW = 20  # Mosquitto's default for messages in flight
_TURN_S = 0.05
_STEADY_S = 30.0  # a connection that lasts so long has made good what was wrong before
_UNSTEADY = 3  # connections in a row that broke sooner
_ANSWER_S = 10.0  # CONNACK and SUBACK must have come by then
_GOODBYE_S = 0.5
_TOLD = 100
_log = structlog.get_logger(__name__)


class Publisher:
    """The device's side of MQTT.

    Args:
        settings: the broker.
        identity: under which name.
        outbox: what to send.
        now: the clock.
        on_control: gets what is not an acknowledgement (twin, commands), in this thread; must be
            quick, and raise nothing but ContractError.
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
        self._backoff = Backoff(jitter)
        self._drain = Drain(outbox, delete_on)
        self._told: deque[tuple[str, bytes, bool]] = deque(maxlen=_TOLD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self.pulse = Pulse()
        self._fault = ""
        self._connected = False
        self._heard = 0.0
        self._short_lived = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Say goodbye and end; what is unsent stays in the outbox."""
        self._stop.set()
        self._outbox.wake.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    @property
    def counters(self) -> Counters:
        return self._drain.counters

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
        return tuple(found + self._drain.refusals.faults())

    def tell(self, channel: Channel, body: bytes, name: str = "", retain: bool = False) -> None:
        """Publish state (a reply, the reported twin) as soon as there is a connection.

        It is not counted and not kept over a restart; beyond 100 waiting the oldest is dropped.
        """
        self._told.append((self._identity.topic(channel, name), body, retain))

    def _run(self) -> None:
        while not self._stop.is_set():
            self.pulse.beat(self._now().mono)
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
            broker = f"{self._settings.host}:{self._settings.port}, MQTT {self._settings.protocol}"
            said = explain(text, "en")
            _log.warning("broker connection", fault=text, broker=broker, said=said)
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
            self._note_end(session)
            self._goodbye(session)

    def _note_end(self, session: Session) -> None:
        """Red first, then not connected: nobody sees a lost connection without its fault."""
        # not every broker says that it throws one of two clients of one name out
        unsteady = self._short_lived >= _UNSTEADY and session.fault.startswith("broker_lost")
        if session.fault:
            self._red(fault("broker_unsteady") if unsteady else session.fault)

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
        began = self._heard = self._now().mono
        self._drain.begin()
        self._connected = True
        self._short_lived += 1
        if self._short_lived <= _UNSTEADY:  # else it stays red until this one has lasted
            self._fault = session.fault
        _log.info("connected to the broker", protocol=self._settings.protocol)
        while not self._stop.is_set() and session.turn(_TURN_S):
            mono = self._now().mono
            self.pulse.beat(mono)
            if session.is_stuck(mono):
                break
            if mono - began > _STEADY_S:
                self._backoff.reset()
                self._short_lived = 0
                self._fault = session.fault
            self._drain.note(session, mono)
            self._tell(session)
            self._drain.pump(session, mono)

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
            self._drain.acknowledged(payload)
            self._heard = self._now().mono
        except ContractError as error:
            _log.warning("control message not understood", topic=topic_text, error=str(error))
            self.counters.undecodable += 1

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
        if session.answered:
            self._drain.note(session, self._now().mono)
            self._drain.mark(self._now().mono)
        session.client.disconnect()
