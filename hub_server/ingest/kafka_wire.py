"""What bridges write to Kafka and workers read: the record, its key, and who connects how.

A record is the device's payload as it came, keyed by the community its device stands in. Headers
say the MQTT topic and the time of arrival. Bridge and worker work out the partition of a community
by the same function, so a worker knows whose rules it runs. Workers write alerts to a topic of
their own, keyed by county.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub_server.ingest.settings import KafkaSettings
from hub_server.ingest.types import ALERTS, Place, Received
from linli_settings import ConfigError
from linli_settings.errors import SETTINGS
from linli_settings.secrets import resolve

TOPIC, AT, PULSE, ALERT = "topic", "at", "pulse", "alert"
"""Names of headers."""
HANDED_OVER = "@alerts"
"""Stands for the MQTT topic of what no device sent."""
ANSWER_S = 10.0
Headers = list[tuple[str, bytes]]
Setting = str | int | float | bool
LOG = logging.getLogger("kafka")
"""Where librdkafka says what it sees."""


@dataclass(frozen=True)
class Pulse:
    """A bridge says that it receives, and that all it received until ``at`` stands before this."""

    place: Place
    at: datetime


def partition_of(community: str, partitions: int) -> int:
    """Where the messages of ``community`` (empty: of nowhere known) go: BLAKE2b modulo.

    Codes of communities differ in few digits; CRC-32 leaves most partitions without any.

    >>> partition_of("330899001001", 12) == partition_of("330899001001", 12)
    True
    """
    digest = hashlib.blake2b(community.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % partitions


def headers_of(received: Received) -> Headers:
    """The headers of a record."""
    at = received.at.isoformat().encode()
    return [(TOPIC, received.topic.encode()), (AT, at)]


def pulse_headers(at: datetime) -> Headers:
    """The headers of a pulse."""
    return [(PULSE, at.isoformat().encode())]


def alert_headers(name: str, at: datetime) -> Headers:
    """The headers of an alert that is handed to the second stage."""
    return [(ALERT, name.encode()), (AT, at.isoformat().encode())]


def read_record(place: Place, headers: Headers, value: bytes) -> Received | Pulse:
    """Back from Kafka.

    Raises:
        ValueError: somebody else wrote this record.
    """
    named = dict(headers)
    if PULSE in named:
        return Pulse(place, datetime.fromisoformat(named[PULSE].decode()))
    expected = ALERT if place.partition == ALERTS else TOPIC
    if expected not in named or AT not in named:
        raise ValueError(f"headers: expected {expected} and {AT}, found {sorted(named)}")
    at = datetime.fromisoformat(named[AT].decode())
    if at.tzinfo is None:
        raise ValueError(f"header {AT}: expected a time with its zone")
    if expected == ALERT:
        return Received(HANDED_OVER, value, at, place)
    return Received(named[TOPIC].decode("utf-8", "replace"), value, at, place)


def connection(settings: KafkaSettings, base: Path) -> dict[str, Setting]:
    """How librdkafka reaches the servers."""
    conf: dict[str, Setting] = {"bootstrap.servers": settings.servers}
    sign_in = bool(settings.username)
    conf["security.protocol"] = ("SASL_" if sign_in else "") + (
        "SSL" if settings.tls else "PLAINTEXT"
    )
    if settings.tls and settings.ca:
        conf["ssl.ca.location"] = str(base / settings.ca)
    if sign_in:
        conf["sasl.mechanism"] = "SCRAM-SHA-512"
        conf["sasl.username"] = settings.username
        conf["sasl.password"] = resolve(settings.password, base) if settings.password else ""
    return conf


def check_topics(settings: KafkaSettings, base: Path) -> None:
    """What a worker reads is there; raises as :func:`check_topic` does."""
    check_topic(settings, base)
    _check(settings, base, settings.alerts_topic, 1)


def check_topic(settings: KafkaSettings, base: Path) -> None:
    """The topic of messages is there with the partitions the settings say.

    Raises:
        ConfigError: it is not, or has another number: communities would change their places.
        KafkaException: no server answers now.
    """
    _check(settings, base, settings.topic, settings.partitions)


def _check(settings: KafkaSettings, base: Path, name: str, partitions: int) -> None:
    # here, because partitions and settings are of use where Kafka's client is not installed
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient

    found = AdminClient(connection(settings, base)).list_topics(name, timeout=ANSWER_S)
    topic = found.topics.get(name)
    error = topic.error if topic else None
    if topic is None or (error and error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART):
        expected = f"the topic {name}"
        fix = "hub-server bridge --make-topic"
        raise ConfigError.one(SETTINGS, "ingest.topic", expected, "none of that name", fix)
    if error:
        raise KafkaException(error)
    if len(topic.partitions) != partitions:
        expected = f"a topic of {partitions} partitions"
        found_ = f"{len(topic.partitions)} of {name}"
        fix = "the topic's number, see docs/scale-out.md"
        raise ConfigError.one(SETTINGS, "ingest.partitions", expected, found_, fix)
