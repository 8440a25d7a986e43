"""``hub-server bridge``: MQTT to Kafka, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import structlog
import typer
from prometheus_client.registry import Collector

from hub_server.ingest.settings import KafkaSettings
from hub_server.ledger.engine import open_ledger
from hub_server.metrics.meter import Meter
from hub_server.presence import check_files
from hub_server.settings import Hub, load_hub
from linli_settings import ConfigError
from linli_settings.errors import naming
from linli_settings.logs import set_up_logs

log = structlog.get_logger("bridge")
EXIT_FAULT = 1
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置文件 · The hub's configuration, hub.yaml")
]
NameOption = Annotated[
    str, typer.Option(help="本网桥的固定名称 · This bridge's own name; it keeps it over restarts")
]
MakeOption = Annotated[
    bool, typer.Option("--make-topic", help="创建 Kafka 主题后退出 · Make the topic and end")
]


ProbeOption = Annotated[
    int,
    typer.Option(
        min=0, max=65535, help="健康检查与指标端口 · Port of /health and /metrics; 0 for none"
    ),
]
HostOption = Annotated[
    str, typer.Option(help="健康检查与指标地址 · Address of /health and /metrics")
]


def bridge(
    config: ConfigOption = Path("hub.yaml"),
    name: NameOption = "1",
    make_topic: MakeOption = False,
    health_port: ProbeOption = 0,
    health_host: HostOption = "127.0.0.1",
) -> None:
    """把 MQTT 消息写入 Kafka · Carry messages from MQTT to Kafka."""
    set_up_logs("info")
    logging.getLogger("gmqtt").setLevel(logging.WARNING)
    hub = load_hub(config)
    settings = _kafka(hub)
    check_files(hub)
    if not name.isascii() or not name.replace("-", "").isalnum() or len(name) > 10:
        expected = "1-10 letters, digits or '-'"
        raise ConfigError.one("command line", "--name", expected, repr(name))
    if make_topic:
        _make(hub, settings)
        return
    with naming(hub.file):
        asyncio.run(_run(hub, settings, name, (health_host, health_port)))


def _kafka(hub: Hub) -> KafkaSettings:
    settings = hub.settings.ingest
    if not isinstance(settings, KafkaSettings):
        raise ConfigError.one(hub.file, "ingest.type", "kafka, to bridge to it", settings.type)
    try:
        import confluent_kafka  # noqa: F401 - whether the extra is installed
    except ImportError:
        fix = "install linli[kafka]"
        raise ConfigError.one(hub.file, "ingest.type", "confluent-kafka", "none", fix) from None
    return settings


def _make(hub: Hub, settings: KafkaSettings) -> None:
    from confluent_kafka import KafkaException

    from hub_server.bridge.topic import make_topics

    try:
        new = make_topics(settings, hub.base)
    except KafkaException as error:
        log.error("topic not made", topic=settings.topic, error=str(error))
        raise typer.Exit(EXIT_FAULT) from None
    for name in (settings.topic, settings.alerts_topic):
        said = "已创建 · made" if name in new else "已存在 · is there already"
        typer.echo(f"{name}: {said}")


async def _run(hub: Hub, settings: KafkaSettings, name: str, probe: tuple[str, int]) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    from hub_server.bridge.bridge import Bridge
    from hub_server.bridge.figures import BridgeFigures

    meter = Meter()
    ledger = open_ledger(hub.ledger_url, meter)
    try:
        made = Bridge(settings, hub.settings.county, hub.base, ledger, name, _now, meter)
        if probe[1]:
            await _answer(probe, made.faults, BridgeFigures(meter, made.gauges, made.faults))
        await made.run(stop)
    finally:
        ledger.close()


async def _answer(
    where: tuple[str, int], faults: Callable[[], Mapping[str, str]], figures: Collector
) -> None:
    from hub_server.bridge.probe import serve

    try:
        await serve(*where, faults, figures)
    except OSError as error:
        expected = "a free address of this machine"
        raise ConfigError.one("command line", "--health-port", expected, str(error)) from None


def _now() -> datetime:
    return datetime.now(UTC)
