"""A paho client for one connection. A new one is made for every attempt, so that no state of the
library outlives a connection: what must not be lost is in the outbox."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.publisher.settings import BrokerSettings
from linli_contract.payloads import Status
from linli_contract.topics import Channel, build
from linli_settings.secrets import resolve

CONNECT_TIMEOUT_S = 5.0
PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
ONLINE, OFFLINE = "online", "offline"


@dataclass(frozen=True)
class Identity:
    """Who connects."""

    county: str
    device: str
    version: str = ""

    def topic(self, channel: Channel, name: str = "") -> str:
        return build(self.county, self.device, channel, name)


def status(state: str, connection: str, identity: Identity, cause: str = "") -> bytes:
    """The retained status message of one connection."""
    return msgspec.json.encode(Status(state, connection, identity.version, cause))


def make_client(settings: BrokerSettings, client_id: str, base: Path) -> mqtt.Client:
    """A client with account and TLS, not yet connected.

    Args:
        base: folder from which relative paths count.

    Raises:
        ConfigError: the password cannot be had.
        OSError: a TLS file cannot be read.
    """
    protocol = PROTOCOLS[settings.protocol]
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=True if protocol is MQTTProtocolVersion.MQTTv311 else None,
        protocol=protocol,
        # without this paho falls back from 3.1.1 to 3.1 by itself
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    if settings.username is not None:
        password = resolve(settings.password, base) if settings.password else None
        client.username_pw_set(settings.username, password)
    if settings.tls is not None:
        tls = settings.tls
        client.tls_set(
            str(base / tls.ca),
            str(base / tls.cert) if tls.cert else None,
            str(base / tls.key) if tls.key else None,
        )
    return client


def set_will(client: mqtt.Client, identity: Identity, connection: str) -> None:
    """What the broker says of this connection when it breaks."""
    body = status(OFFLINE, connection, identity, "connection lost")
    client.will_set(identity.topic(Channel.STATUS), body, qos=1, retain=True)
