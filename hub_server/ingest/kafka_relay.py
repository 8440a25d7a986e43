"""Alerts of this worker's partitions on their way to the second stage: ledger → Kafka.

A row of ``alerts_out`` is deleted once every in-sync copy of Kafka has its record (``acks=all``);
the worker that takes a partition over sends what is left. So a record may come twice, and the
second stage counts it once.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import SQLAlchemyError

from hub_server.ingest.kafka_share import lane_of
from hub_server.ingest.kafka_wire import LOG, alert_headers, connection
from hub_server.ingest.settings import KafkaSettings
from hub_server.ledger.engine import Ledger, LedgerBusyError
from hub_server.ledger.tables import alerts_out

log = structlog.get_logger("ingest")
PAUSE_S = 0.25
"""How long an alert waits at most before it is handed over."""
RETRY_S = 2.0
PIECE = 500
_FLUSH_S = 5.0
_WAITING = (
    select(alerts_out)
    .where(alerts_out.c.lane.in_(bindparam("lanes", expanding=True)))
    .order_by(alerts_out.c.seq)
    .limit(PIECE)
)


class Relay:
    """Of one worker.

    Args:
        held: the partitions that are this worker's now.
    """

    def __init__(
        self, ledger: Ledger, settings: KafkaSettings, base: Path, held: Callable[[], Sequence[int]]
    ) -> None:
        self._ledger, self._held, self._topic = ledger, held, settings.alerts_topic
        self._producer = Producer(
            {
                **connection(settings, base),
                "acks": "all",
                "enable.idempotence": True,
                "message.timeout.ms": 30_000,
                "logger": LOG,
            }
        )
        self._flying: set[int] = set()
        """Rows given to the producer of which it said nothing yet."""
        self._kept: list[int] = []
        """Rows that Kafka has."""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                sent = await asyncio.to_thread(self.send)
            except (SQLAlchemyError, LedgerBusyError, KafkaException, BufferError) as error:
                log.warning("alerts not handed over, again soon", error=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            if not sent:
                await asyncio.sleep(PAUSE_S)

    def send(self) -> int:
        """Hand over what waits, a piece of it; how many rows Kafka took."""
        lanes = [lane_of(partition) for partition in self._held()]
        with self._ledger.read() as conn:
            rows = conn.execute(_WAITING, {"lanes": lanes}).all() if lanes else []
        for row in rows:
            if row.seq not in self._flying:
                self._produce(row.seq, row.id, row.county, row.payload, row.created_at)
        if self._flying:
            self._producer.flush(_FLUSH_S)
        return self._forget()

    def _produce(self, seq: int, name: str, county: str, payload: object, at: datetime) -> None:
        def told(error: KafkaError | None, _record: Message) -> None:
            self._flying.discard(seq)
            if error is None:
                self._kept.append(seq)
            else:  # the row stays: it goes out again
                log.warning("kafka does not take an alert, again soon", error=str(error))

        value, headers = msgspec.json.encode(payload), alert_headers(name, at)
        self._producer.produce(
            self._topic, value, county.encode(), 0, on_delivery=told, headers=list(headers)
        )
        self._flying.add(seq)

    def _forget(self) -> int:
        done, self._kept = self._kept, []
        if done:
            with self._ledger.write("relay") as conn:
                conn.execute(delete(alerts_out).where(alerts_out.c.seq.in_(done)))
        return len(done)
