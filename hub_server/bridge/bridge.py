"""One bridge: a shared subscription, each message acknowledged when Kafka has it.

The PUBACK to the broker waits for Kafka's ``acks=all``; the device's own acknowledgement comes
from the worker, after the ledger's commit. A bridge keeps nothing: killed, it loses only what the
broker had given it, and the devices send that again.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog
from confluent_kafka import KafkaException

from hub_server.bridge.places import Places
from hub_server.bridge.writer import Writer
from hub_server.ingest.kafka_wire import check_topic, headers_of, partition_of, pulse_headers
from hub_server.ingest.mqtt import MqttSource
from hub_server.ingest.settings import KafkaSettings
from hub_server.ingest.types import Received
from hub_server.jobs import until_one_ends
from hub_server.ledger.engine import Ledger
from hub_server.metrics.meter import Meter
from linli_contract import topics
from linli_contract.errors import ContractError

log = structlog.get_logger("bridge")
MESSAGES, NOWHERE = "linli_bridge_messages_total", "linli_bridge_nowhere_total"
PULSE_S = 2.0
RETRY_S = 2.0
_KEPT = ("/status", "/twin/reported")
"""Topics the broker keeps (retained): a shared subscription would never be told them."""


def filters(county: str, group: str) -> list[str]:
    """What a bridge subscribes to: events once for all bridges, states each for itself."""
    found = topics.hub_filters(county)
    return [one if one.endswith(_KEPT) else f"$share/{group}/{one}" for one in found]


class Bridge:
    """Runs in one event loop until :meth:`run` is cancelled or ``stop`` is set.

    Args:
        name: this bridge's own; the broker knows it by it after a restart.
        clock: the hub's.
        meter: of this process.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        county: str,
        base: Path,
        ledger: Ledger,
        name: str,
        clock: Callable[[], datetime],
        meter: Meter | None = None,
    ) -> None:
        self._settings, self._base, self._clock = settings, base, clock
        broker = settings.broker.model_copy(
            update={
                "client_id": f"{settings.broker.client_id[:40]}-bridge-{name}",
                "session_expiry": settings.bridge_session,
            }
        )
        self._source = MqttSource(broker, county, base, filters(county, settings.group))
        self._meter = meter or Meter()
        self._meter.count(MESSAGES, n=0)
        self._meter.count(NOWHERE, n=0)
        self._lag = self._meter.histogram("linli_bridge_seconds")
        self._writer = Writer(settings, base, self._meter)
        self._ledger = ledger
        self._places: Places | None = None

    def faults(self) -> dict[str, str]:
        """What is wrong, by part; empty where nothing is."""
        registry = self._places.fault if self._places else "not started"
        connected = self._source.connected_since is not None
        broker = "" if connected else self._source.fault or "not connected"
        return {"broker": broker, "kafka": self._writer.fault, "registry": registry}

    def gauges(self) -> dict[str, float]:
        """For ``/metrics``."""
        age = self._places.age_s if self._places else None
        found = {"bridge_waiting": float(self._writer.waiting)}
        return found if age is None else {**found, "bridge_registry_age_seconds": age}

    async def run(self, stop: asyncio.Event) -> None:
        """Carry messages until ``stop`` is set.

        Raises:
            ConfigError: the topic is not there, or the broker refuses these settings.
        """
        await self._until_there()
        self._places = Places(self._ledger, asyncio.get_running_loop().time)
        await self._places.read_first()
        self._writer.start()
        log.info("bridge runs", topic=self._settings.topic, partitions=self._settings.partitions)
        try:
            jobs = self._source.run(self._carry), self._places.keep_fresh(), self._pulse()
            await until_one_ends((*jobs, _when(stop)))
        finally:
            await self._source.stop()  # first: nothing more is acknowledged
            await asyncio.to_thread(self._writer.stop)

    async def _until_there(self) -> None:
        while True:
            try:
                await asyncio.to_thread(check_topic, self._settings, self._base)
                return
            except KafkaException as error:
                log.warning("kafka not reached, again soon", error=str(error))
                await asyncio.sleep(RETRY_S)

    async def _carry(self, received: Received) -> bool:
        key = await self._key(received.topic)
        if not key:  # the worker refuses it, or keeps it aside, and says why
            self._meter.count(NOWHERE)
        partition = partition_of(key, self._settings.partitions)
        await self._writer.write(partition, key, received.payload, headers_of(received))
        self._meter.count(MESSAGES)
        self._lag.add(max(0.0, (self._clock() - received.at).total_seconds()))
        return True

    async def _key(self, topic: str) -> str:
        try:
            device = topics.parse(topic).device
        except ContractError:  # the worker keeps it in quarantine and says why
            return ""
        assert self._places is not None  # noqa: S101 - set before the source runs
        return await self._places.community(device)

    async def _pulse(self) -> None:
        """Tell every worker that this bridge receives, after all that it received."""
        while True:
            await asyncio.sleep(PULSE_S)
            if self._source.connected_since is None:
                continue
            headers = pulse_headers(self._clock())
            told = [
                self._writer.write(partition, "", b"", headers)
                for partition in range(self._settings.partitions)
            ]
            await asyncio.gather(*told)


async def _when(stop: asyncio.Event) -> None:
    await stop.wait()
