"""``hub-server run``: the hub until SIGTERM or Ctrl-C."""

import asyncio
import logging
import signal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer
from sqlalchemy.exc import OperationalError

from hub_server.collector import spare
from hub_server.hung import Ending
from hub_server.ledger.lease import LeaseHeldError
from hub_server.roles import parse_roles
from hub_server.settings import load_hub
from linli_settings.errors import naming
from linli_settings.logs import set_up_logs

if TYPE_CHECKING:
    from hub_server.app import HubApp

log = structlog.get_logger("hub")
EXIT_FAULT = 1
_MADE_S = 5.0
"""By then every part is there."""
_CHATTY = ("alembic", "gmqtt", "uvicorn", "httpx")
"""Libraries that tell each step of theirs; ours say what matters."""
ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="配置文件 · The configuration, a YAML file.")
]


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


LevelOption = Annotated[LogLevel, typer.Option(help="日志级别 · How much is logged.")]


RolesOption = Annotated[
    str, typer.Option(help="本进程的职责 · What this process does, of ingest,api,outbound")
]


def run(
    config: ConfigOption = Path("hub.yaml"),
    log_level: LevelOption = LogLevel.INFO,
    roles: RolesOption = "ingest,api,outbound",
) -> None:
    """运行县级服务 · Run the hub."""
    from hub_server.app import HubApp  # heavy: only when it runs

    set_up_logs(log_level.value)
    if log_level is not LogLevel.DEBUG:
        for name in _CHATTY:
            logging.getLogger(name).setLevel(logging.WARNING)
    hub, does = load_hub(config), parse_roles(roles)
    try:
        with naming(hub.file):
            asyncio.run(_until_signal(HubApp(hub, does)))
    except LeaseHeldError as error:
        log.error("refused", error=str(error))
        raise typer.Exit(EXIT_FAULT) from None
    except OperationalError as error:  # before it runs; later ones are waited out
        log.error("ledger cannot be opened", field="ledger.url", error=str(error.orig))
        raise typer.Exit(EXIT_FAULT) from None


async def _until_signal(app: "HubApp") -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.call_later(_MADE_S, spare)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, app.reload)
    ending = Ending(app.hangs)
    ending.start()
    try:
        await app.run(stop)
    finally:
        ending.stop()
