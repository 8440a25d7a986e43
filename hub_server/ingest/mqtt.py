"""MQTT by gmqtt: a message is acknowledged to the broker only after the ledger's commit.

What gmqtt 0.8 does, and what follows from it:

* with ``optimistic_acknowledgement`` off, its PUBACK is sent when the handler returns, with the
  value it returns as reason code; a handler that raises never acknowledges and the broker's
  window stays smaller for ever. So ours returns 0 and never raises. Plain messages, which is
  nearly all, take a shortcut past it (intake.py), with the same promise.
* how many wait is bounded by ``receive_maximum`` (MQTT 5), by the brake on reading (brokers do
  not always keep to the first) and by the batcher's queue.
* its acknowledgement goes out on the newest connection, whatever connection its message came
  on. A stale one can at worst make the broker forget a message the ledger does not hold; its
  device holds it still, until the hub's own ``ack`` covers it.
* it answers a broker that refuses MQTT 5 by speaking 3.1.1, and it reconnects by itself without
  a word to us. The version is our configuration and each attempt is to be seen: so its
  reconnecting is off, and every connection is a client of its own with the same client id.
* after a refusal :meth:`MqttSource.run` tries again slowly, because a broker's accounts can be
  mended while the hub runs; at the first start a refusal ends the program.
"""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog
from gmqtt import Client, Message, Subscription
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from hub_server.ingest.answers import Answers
from hub_server.ingest.brake import transport_of
from hub_server.ingest.gathering import gather_writes
from hub_server.ingest.intake import Intake
from hub_server.ingest.settings import MqttSettings
from hub_server.ingest.source import Deliver
from hub_server.ingest.types import Outgoing, Received
from linli_contract.topics import hub_filters
from linli_settings import ConfigError
from linli_settings.errors import SETTINGS
from linli_settings.secrets import resolve

log = structlog.get_logger("ingest")
_VERSIONS = {"5": MQTTv50, "3.1.1": MQTTv311}
_REFUSED_S = 30.0
"""How long to wait after a refusal before asking again."""
_LEAVE_S = 1.0
_NEVER = frozenset({1, 2, 4, 5, 129, 132, 133, 134, 135, 138, 140})
"""Refusals that only another configuration, here or at the broker, can mend."""
_NO_RECONNECT = -2
"""gmqtt: -1 is for ever and 0 still reconnects once."""
_ANSWER_S = 5.0
_PUBACK_S = 30.0
_UNSAID = 3
"""How often a broker may close, or not answer, the first connection before it is refused: one
that knows only MQTT 3.1.1 may read an MQTT 5 greeting wrongly and wait for ever."""
_FAILED = 128
"""SUBACK codes from here on are refusals."""


class MqttSource:
    """One broker. See :class:`hub_server.ingest.source.Source`."""

    def __init__(
        self,
        settings: MqttSettings,
        county: str,
        base: Path,
        filters: Sequence[str] | None = None,
    ) -> None:
        """``filters``: what to subscribe to; None is all the county, nothing is only to publish."""
        self._settings = settings
        self._filters = hub_filters(county) if filters is None else filters
        self._password = resolve(settings.password, base) if settings.password else None
        self._tls = _tls(settings, base)
        self._deliver: Deliver = nothing_comes
        self._client: Client | None = None
        self._storage = Answers()
        self._since: datetime | None = None
        self._fault = "not connected yet"
        self._wrong: ConfigError | None = None
        self._unsaid = 0
        self._intake: Intake | None = None
        self._lost = asyncio.Event()
        self._stopping = asyncio.Event()

    @property
    def connected_since(self) -> datetime | None:
        return self._since

    @property
    def fault(self) -> str:
        return self._fault

    async def run(self, deliver: Deliver) -> None:
        """Connect, subscribe and receive until :meth:`stop`.

        Raises:
            ConfigError: the broker refuses these settings at the first try.
        """
        self._deliver = deliver
        ever = False
        while not self._stopping.is_set():
            self._client = client = self._new_client()
            wait = self._settings.reconnect_delay
            try:
                await self._connect(client)
                await self._lost.wait()
                ever = ever or self._wrong is None
                if self._wrong:
                    raise self._wrong
            except ConfigError as error:
                if not ever:
                    raise
                self._fault, wait = str(error), _REFUSED_S
                log.error("broker refuses the hub", error=str(error))
            except (OSError, MQTTConnectError) as error:  # a TimeoutError is an OSError
                self._fault = f"{type(error).__name__}: {error}"
                log.warning("broker not reached, again soon", error=self._fault)
            await self._leave(client)
            await self._pause(wait)

    def publish(self, topic: str, payload: bytes) -> None:
        """QoS 0: for the acknowledgement, which is made again when asked."""
        client = self._client
        if client is not None and self._since is not None:
            client.publish(Message(topic, payload, qos=0))

    async def send(self, messages: Sequence[Outgoing]) -> list[int] | None:
        """Send with QoS 1; the broker's answer to each (answers.py). None: send them again."""
        client, storage = self._client, self._storage
        if client is None or self._since is None:
            return None
        storage.told()  # what was sent before was given up
        for one in messages:
            message = Message(one.topic, one.payload, qos=1, retain=one.retain)
            try:
                client.publish(message)
            except OverflowError:  # as many are on their way as the broker takes at once
                if not await self._settled(storage):
                    return None
                client.publish(message)
        return storage.told() if await self._settled(storage) else None

    async def _settled(self, storage: Answers) -> bool:
        """Wait until nothing of ``storage`` is on its way; False when the connection ends first."""
        taken = asyncio.ensure_future(storage.wait_empty())
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait({taken, lost}, timeout=_PUBACK_S, return_when=first)
            if not taken.done() and not lost.done():
                self._fault = f"the broker took no message within {_PUBACK_S:g} s"
                log.warning("connection given up", error=self._fault)
                self._since = None
                self._lost.set()
            return taken.done() and storage is self._storage and self._since is not None
        finally:
            taken.cancel()
            lost.cancel()

    async def stop(self) -> None:
        """Disconnect; the session and its queue stay with the broker."""
        self._stopping.set()
        self._lost.set()
        if self._client is not None:
            await self._leave(self._client)

    def _new_client(self) -> Client:
        """One client a connection: reconnecting is ours, so that each attempt is seen and told."""
        self._lost.clear()
        self._wrong = None
        self._storage = Answers()  # of one connection: what it owes is sent on the next
        settings = self._settings
        properties = {}
        if settings.protocol == "5":
            properties = {
                "receive_maximum": settings.receive_maximum,
                "session_expiry_interval": int(settings.session_expiry),
            }
        client = Client(
            settings.client_id,
            clean_session=False,
            optimistic_acknowledgement=False,
            persistent_storage=self._storage,
            **properties,
        )
        client.set_config({"reconnect_retries": _NO_RECONNECT})
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        if settings.username:
            client.set_auth_credentials(settings.username, self._password)
        return client

    async def _connect(self, client: Client) -> None:
        settings = self._settings
        connecting = client.connect(
            settings.host,
            settings.port,
            ssl=self._tls or False,
            keepalive=int(settings.keepalive),
            version=_VERSIONS[settings.protocol],
        )
        task, lost = asyncio.ensure_future(connecting), asyncio.ensure_future(self._lost.wait())
        try:
            first = asyncio.FIRST_COMPLETED
            await asyncio.wait({task, lost}, timeout=_ANSWER_S, return_when=first)
            if task.done():
                task.result()
                self._unsaid = 0
            elif not self._stopping.is_set():
                self._unanswered(client)
        except MQTTConnectError as error:
            if error._code in _NEVER:  # the code has no public name
                raise self._refused(str(error)) from None
            raise
        finally:
            lost.cancel()
            task.cancel()

    def _unanswered(self, client: Client) -> None:
        """The connection ended, or nothing came, before the broker said yes or no."""
        if client._connection_state.protocol_version != _VERSIONS[self._settings.protocol]:
            raise self._refused("a broker that refuses this protocol version")
        self._unsaid += 1
        how = "closes the connection" if self._lost.is_set() else "says nothing"
        if self._unsaid >= _UNSAID:
            raise self._refused(f"a broker that {how} where its answer belongs")
        raise ConnectionError(f"the broker {how} where its answer belongs")

    def _refused(self, found: str) -> ConfigError:
        where = f"ingest {self._settings.host}:{self._settings.port}"
        expected = f"a broker that accepts the hub over MQTT {self._settings.protocol}"
        fix = "check ingest.protocol, username and password"
        return ConfigError.one(SETTINGS, where, expected, found, fix)

    def _on_connect(self, client: Client, *_: object) -> None:
        log.info("broker connected", host=self._settings.host, port=self._settings.port)
        gather_writes(transport_of(client._connection))  # it has no public name
        self._storage.listen(client)
        self._intake = Intake(client, self._deliver, self._settings.receive_maximum)
        if not self._filters:
            self._since, self._fault = datetime.now(UTC), ""
            return
        client.subscribe([Subscription(name, qos=1) for name in self._filters])

    def _on_subscribe(self, client: Client, _mid: int, codes: Sequence[int], *_: object) -> None:
        if any(code >= _FAILED for code in codes):
            self._wrong = self._refused(f"a refusal to subscribe to {self._filters[0]} and others")
            self._lost.set()
            return
        self._since, self._fault = datetime.now(UTC), ""

    def _on_disconnect(self, client: Client, *_: object) -> None:
        if client is self._client and not self._stopping.is_set():
            self._since, self._fault = None, "connection to the broker lost"
            self._lost.set()

    async def _on_message(self, _: Client, topic: str | bytes, payload: bytes, *__: object) -> int:
        """What does not take the shortcut: see intake.py."""
        name = topic if isinstance(topic, str) else topic.decode("utf-8", "replace")
        if self._intake is not None:
            await self._intake.take(name, payload)
        return 0

    async def _leave(self, client: Client) -> None:
        self._since = None
        try:
            async with asyncio.timeout(_LEAVE_S):
                await client.disconnect()
        except OSError as error:  # the other side is gone already
            log.debug("nothing to disconnect", error=str(error))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


async def nothing_comes(_: Received) -> bool:
    """For a source that only publishes."""
    return False


def _tls(settings: MqttSettings, base: Path) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        return ssl.create_default_context(cafile=str(base / settings.ca) if settings.ca else None)
    except OSError as error:
        raise ConfigError.one(
            SETTINGS, "ingest.ca", "a certificate authority's file", f"{settings.ca}: {error}"
        ) from None
