"""``hub-server init``: what the hub needs on its ledger and stores; doing it again does no harm."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from hub_server.commands.ledger import ledger_as_it_is
from hub_server.ledger.engine import Ledger
from hub_server.presence import check_files
from hub_server.settings import Hub, load_hub
from hub_server.stores.cursors import forget_removed
from hub_server.stores.prepare import Missing, Step, prepare_store
from linli_settings import ConfigError
from linli_settings.secrets import resolve

EXIT_MISSING = 1
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
AdminToken = Annotated[
    str | None,
    typer.Option(
        help="管理令牌位置，用于建存储桶 · Where a token is that may make buckets: file:/path or "
        "env:NAME; default: the store's own"
    ),
]


def init(config: Config = Path("hub.yaml"), admin_token: AdminToken = None) -> None:
    """建表、建存储桶与保留期、建 InfluxQL 映射并检查权限 · Make tables, buckets with retention and
    the InfluxQL mapping, and check the token; says what is missing."""
    hub = load_hub(config)
    check_files(hub)
    admin = _admin(admin_token, hub)
    _say("账本 · ledger", _ledger(hub))
    missing = False
    for store in hub.settings.stores:
        steps = prepare_store(store, hub.data_dir, hub.base, admin)
        _say(store.type, steps)
        missing = missing or any(isinstance(step, Missing) for step in steps)
    if missing:
        raise typer.Exit(EXIT_MISSING)


def _admin(reference: str | None, hub: Hub) -> str:
    if reference is None:
        return ""
    if not reference.startswith(("file:", "env:")):
        expected = "file:/path or env:NAME"
        raise ConfigError.one("command line", "--admin-token", expected, "something else")
    return resolve(reference, hub.base)


def _ledger(hub: Hub) -> list[Step]:
    try:
        with ledger_as_it_is(hub) as ledger:
            return list(_prepare(ledger, [store.type for store in hub.settings.stores]))
    except OperationalError as error:
        raise ConfigError.one(
            hub.file, "ledger.url", "a database that answers", str(error.orig)
        ) from None


def _prepare(ledger: Ledger, stores: list[str]) -> list[Step]:
    ledger.migrate()
    steps = [Step("表已是最新", "tables are up to date")]
    with ledger.write() as conn:
        for name in forget_removed(conn, stores):
            zh, en = (
                f"已移除的存储 {name}：游标已删除",
                f"store {name} is gone, its cursor is dropped",
            )
            steps.append(Step(zh, en))
    return steps


def _say(what: str, steps: list[Step]) -> None:
    for step in steps:
        mark = "✗" if isinstance(step, Missing) else "✓"
        typer.echo(f"{mark} {what}: {step.zh} · {step.en}")
