"""``hub-server run``: the hub until SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from hub_server.ledger.lease import LeaseHeldError
from hub_server.settings import load_hub
from linli_settings.logs import set_up_logs

if TYPE_CHECKING:
    from hub_server.app import HubApp

log = structlog.get_logger("hub")
EXIT_FAULT = 1
_CHATTY = ("alembic", "gmqtt", "uvicorn", "httpx")
"""Libraries that tell each step of theirs; ours say what matters."""
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置文件 · The configuration, a YAML file.")
]
LevelOption = Annotated[
    str, typer.Option("--log-level", help="日志级别 · debug, info, warning or error.")
]


def run(config: ConfigOption = Path("hub.yaml"), log_level: LevelOption = "info") -> None:
    """运行县级服务 · Run the hub."""
    from hub_server.app import HubApp  # heavy: only when it runs

    set_up_logs(log_level)
    if log_level != "debug":
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
    app = HubApp(load_hub(config))
    try:
        asyncio.run(_until_signal(app))
    except LeaseHeldError as error:
        log.error("refused", error=str(error))
        raise typer.Exit(EXIT_FAULT) from None


async def _until_signal(app: "HubApp") -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await app.run(stop)
