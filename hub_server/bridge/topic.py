"""Makes the topic that bridges and workers share."""

from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from hub_server.ingest.kafka_wire import ANSWER_S, connection
from hub_server.ingest.settings import KafkaSettings

_KEEP_MS = 7 * 24 * 3600 * 1000
"""How long Kafka keeps records: a week, as long as a device keeps what nobody acknowledged."""


def make_topic(settings: KafkaSettings, base: Path) -> bool:
    """Make the topic; False when it is there already.

    Raises:
        KafkaException: no server answers, or it refuses (fewer servers than copies).
    """
    wanted = NewTopic(
        settings.topic,
        num_partitions=settings.partitions,
        replication_factor=settings.replication,
        # a record counts as kept once most of its copies are: one server may be away
        config={
            "min.insync.replicas": str(settings.replication // 2 + 1),
            "retention.ms": str(_KEEP_MS),
        },
    )
    admin = AdminClient(connection(settings, base))
    asked = admin.create_topics([wanted], request_timeout=ANSWER_S)
    try:
        asked[settings.topic].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True
