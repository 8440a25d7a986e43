"""Writes to Kafka and says so only when every in-sync copy has it (``acks=all``)."""

import asyncio
from pathlib import Path
from threading import Event, Thread

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from hub_server.ingest.kafka_wire import LOG, Headers, connection
from hub_server.ingest.settings import KafkaSettings
from hub_server.metrics.meter import Meter

log = structlog.get_logger("bridge")
ERRORS = "linli_bridge_produce_errors_total"
AGAIN_S = 0.5
_POLL_S = 0.1
_FLUSH_S = 5.0


class Writer:
    """One idempotent producer; :meth:`write` belongs to one event loop."""

    def __init__(self, settings: KafkaSettings, base: Path, meter: Meter | None = None) -> None:
        self._topic = settings.topic
        self._meter = meter or Meter()
        self._meter.count(ERRORS, n=0)
        self._producer = Producer(
            {
                **connection(settings, base),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "compression.type": "lz4",
                "message.timeout.ms": 30_000,
                "error_cb": self._told,
                "logger": LOG,
            }
        )
        self._stopping = Event()
        self._thread = Thread(target=self._poll, name="kafka-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.fault = ""
        """Why Kafka takes nothing now; empty when it does."""
        self.waiting = 0
        """Records that Kafka does not have yet."""

    def start(self) -> None:
        """Begin to hear what became of records; call it in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def write(self, partition: int, key: str, value: bytes, headers: Headers) -> None:
        """Returns when Kafka keeps the record, however long that takes."""
        self.waiting += 1
        try:
            while error := await self._try(partition, key, value, headers):
                self.fault = f"kafka does not take it: {error}"
                self._meter.count(ERRORS)
                log.warning("kafka does not take a record, again soon", error=error)
                await asyncio.sleep(AGAIN_S)
            self.fault = ""
        finally:
            self.waiting -= 1

    def stop(self) -> None:
        """Wait for what is under way, a few seconds; blocks."""
        left = self._producer.flush(_FLUSH_S)
        if left:
            log.warning("records not confirmed", count=left)
        self._stopping.set()
        self._thread.join(1.0)

    async def _try(self, partition: int, key: str, value: bytes, headers: Headers) -> str | None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[str | None] = loop.create_future()

        def told(error: KafkaError | None, _record: Message) -> None:
            loop.call_soon_threadsafe(_settle, done, str(error) if error else None)

        try:
            self._producer.produce(
                self._topic,
                value,
                key.encode(),
                partition,
                on_delivery=told,
                headers=list(headers),
            )
        except (BufferError, KafkaException) as error:
            return str(error)
        return await done

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(_POLL_S)

    def _told(self, error: KafkaError) -> None:
        log.warning("kafka", error=str(error))
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self.fault = f"kafka not reached: {error}"


def _settle(done: asyncio.Future[str | None], error: str | None) -> None:
    if not done.done():  # whoever waited may have been cancelled
        done.set_result(error)
