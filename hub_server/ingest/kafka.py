"""Kafka as a source: this process's part of a consumer group; answers to devices go by MQTT.

The ledger, not Kafka, says how far a partition is read: on assignment it is taken there
(:class:`hub_server.ingest.source.Shares`) and read from the offset found. A piece of the log is
handed over whole and the next one asked for only when the ledger has it: that bounds memory, and
no message is under way while partitions come and go, because that happens inside ``consume``.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Record

from hub_server.ingest.kafka_wire import LOG, Headers, Pulse, check_topics, connection, read_record
from hub_server.ingest.mqtt import MqttSource, nothing_comes
from hub_server.ingest.settings import KafkaSettings
from hub_server.ingest.source import Deliver, Shares
from hub_server.ingest.types import ALERTS, Place, Received

log = structlog.get_logger("ingest")
RETRY_S = 2.0
_STOP_S = 5.0
_QUEUE_KB = 16 * 1024
"""What librdkafka fetches ahead: bounded, whatever lies in the log."""


class KafkaSource:
    """One member of the workers' group. See :class:`hub_server.ingest.source.Source`."""

    def __init__(self, settings: KafkaSettings, county: str, base: Path, shares: Shares) -> None:
        self._settings = settings
        self._base = base
        self._shares = shares
        self._connection = connection(settings, base)
        # many workers answer: each under a name of its own, for which the broker keeps nothing
        name = f"{settings.broker.client_id[:40]}-answers-{uuid4().hex[:12]}"
        broker = settings.broker.model_copy(update={"client_id": name, "session_expiry": 0.0})
        self._answers = MqttSource(broker, county, base, filters=())
        self._since: datetime | None = None
        self._fault = "not connected yet"
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    @property
    def connected_since(self) -> datetime | None:
        return self._since

    @property
    def fault(self) -> str:
        return self._fault or self._answers.fault

    async def run(self, deliver: Deliver) -> None:
        """Read this process's share of the log until :meth:`stop`.

        Raises:
            ConfigError: the topic is not there, or the broker refuses these settings.
        """
        self._ended.clear()
        answering = asyncio.ensure_future(self._answers.run(nothing_comes))
        reading = asyncio.ensure_future(self._read(deliver))
        try:
            await asyncio.wait({answering, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in (answering, reading):
                if task.done():
                    task.result()
        finally:
            self._stopping.set()
            self._since = None
            reading.cancel()
            answering.cancel()
            await asyncio.gather(reading, answering, return_exceptions=True)
            self._ended.set()

    def publish(self, topic: str, payload: bytes) -> None:
        """To a device, by MQTT."""
        self._answers.publish(topic, payload)

    async def stop(self) -> None:
        """Leave the group at once, so that the others take over without waiting."""
        self._stopping.set()
        try:
            async with asyncio.timeout(_STOP_S):
                await self._ended.wait()
        except TimeoutError:
            log.warning("kafka left without a word", seconds=_STOP_S)
        await self._answers.stop()

    async def _read(self, deliver: Deliver) -> None:
        await self._until_there()
        consumer = self._consumer()
        # its callbacks run inside consume(), in the thread that calls it
        consumer.subscribe(
            [self._settings.topic, self._settings.alerts_topic],
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._revoked,
        )
        try:
            while not self._stopping.is_set():
                records = await asyncio.to_thread(self._fetch, consumer)
                await self._hand_over(records, deliver)
        finally:
            await asyncio.shield(asyncio.to_thread(consumer.close))

    def _fetch(self, consumer: Consumer) -> Sequence[Record]:
        batch = self._settings.batch
        records = consumer.consume(batch.max_events, batch.max_wait or 0.001)
        newest = {_where(one): one.offset() for one in records if one.error() is None}
        for (topic, partition), offset in newest.items():
            if offset is None:
                continue
            # of memory, as the last answer of the broker had it
            ends = consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            if ends is not None:
                self._shares.lag(self._number(topic, partition), max(0, ends[1] - offset - 1))
        return records

    def _number(self, topic: str, partition: int) -> int:
        """As :class:`Shares` counts them."""
        return ALERTS if topic == self._settings.alerts_topic else partition

    async def _until_there(self) -> None:
        while not self._stopping.is_set():
            try:
                await asyncio.to_thread(check_topics, self._settings, self._base)
                return
            except KafkaException as error:
                self._fault = f"kafka not reached: {error}"
                log.warning("kafka not reached, again soon", error=str(error))
                await asyncio.sleep(RETRY_S)

    def _consumer(self) -> Consumer:
        timeout_ms = int(self._settings.session_timeout * 1000)
        return Consumer(
            {
                **self._connection,
                "group.id": self._settings.group,
                "partition.assignment.strategy": "cooperative-sticky",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": timeout_ms,
                "heartbeat.interval.ms": timeout_ms // 4,
                "queued.max.messages.kbytes": _QUEUE_KB,
                "error_cb": self._told,
                "logger": LOG,
            }
        )

    async def _hand_over(self, records: Sequence[Record], deliver: Deliver) -> None:
        received, pulses = self._sort(records)
        if received:
            await asyncio.gather(*[deliver(one) for one in received])
        for pulse in pulses:
            self._shares.pulse(pulse.place.partition, pulse.at)

    def _sort(self, records: Sequence[Record]) -> tuple[list[Received], list[Pulse]]:
        received: list[Received] = []
        pulses: list[Pulse] = []
        for record in records:
            found = self._understood(record)
            if isinstance(found, Received):
                received.append(found)
            elif found is not None:
                pulses.append(found)
        if received or pulses:
            self._reached()
        return received, pulses

    def _understood(self, record: Record) -> Received | Pulse | None:
        error = record.error()
        if error is not None:
            self._told(error)
            return None
        offset, value = record.offset(), record.value()
        place = Place(self._number(*_where(record)), -1 if offset is None else offset)
        try:
            body = value if isinstance(value, bytes) else b""
            return read_record(place, _headers(record), body)
        except ValueError as error_:
            log.error("not a record of ours", at=f"{place.partition}/{offset}", error=str(error_))
            return None

    def _reached(self) -> None:
        self._fault = ""
        self._since = self._since or datetime.now(UTC)

    def _told(self, error: KafkaError) -> None:
        log.warning("kafka", error=str(error))
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._since, self._fault = None, f"kafka not reached: {error}"

    def _assigned(self, consumer: Consumer, given: list[TopicPartition]) -> None:
        places = [
            TopicPartition(
                one.topic,
                one.partition,
                self._shares.take(self._number(one.topic, one.partition)),
            )
            for one in given
        ]
        consumer.incremental_assign(places)
        self._reached()

    def _revoked(self, consumer: Consumer, taken: list[TopicPartition]) -> None:
        for one in taken:
            self._shares.leave(self._number(one.topic, one.partition))


def _where(record: Record) -> tuple[str, int]:
    """Its topic and partition, which every record of a broker has."""
    topic, partition = record.topic(), record.partition()
    return topic or "", -1 if partition is None else partition


def _headers(record: Record) -> Headers:
    """librdkafka gives a list of pairs, with None for a header without a value."""
    found = record.headers() or []
    pairs = found.items() if isinstance(found, dict) else found
    return [(name, value if isinstance(value, bytes) else b"") for name, value in pairs]
