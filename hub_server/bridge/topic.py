"""Makes the topics that bridges and workers share."""

from concurrent.futures import Future
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from hub_server.ingest.kafka_wire import ANSWER_S, connection
from hub_server.ingest.settings import KafkaSettings

_KEEP_MS = 7 * 24 * 3600 * 1000
"""How long Kafka keeps records: a week, as long as a device keeps what nobody acknowledged."""


def make_topics(settings: KafkaSettings, base: Path) -> list[str]:
    """Make the topic of messages and that of alerts; the names of those that were not there.

    Raises:
        KafkaException: no server answers, or it refuses (fewer servers than copies).
    """
    wanted = [
        _topic(settings, settings.topic, settings.partitions),
        _topic(settings, settings.alerts_topic, 1),
    ]
    admin = AdminClient(connection(settings, base))
    asked = admin.create_topics(wanted, request_timeout=ANSWER_S)
    return [name for name, done in asked.items() if _is_new(done)]


def _topic(settings: KafkaSettings, name: str, partitions: int) -> NewTopic:
    # a record counts as kept once most of its copies are: one server may be away
    config = {
        "min.insync.replicas": str(settings.replication // 2 + 1),
        "retention.ms": str(_KEEP_MS),
    }
    return NewTopic(
        name,
        num_partitions=partitions,
        replication_factor=settings.replication,
        config=config,
    )


def _is_new(done: "Future[None]") -> bool:
    try:
        done.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True
