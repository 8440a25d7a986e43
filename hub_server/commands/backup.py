"""``hub-server backup`` and ``hub-server restore``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub_server.backup.form import BackupError, Manifest
from hub_server.backup.making import make_backup
from hub_server.backup.restoring import restore_backup
from hub_server.commands.ledger import ledger_as_it_is
from hub_server.pictures import PictureStore
from hub_server.settings import Hub, load_hub
from hub_server.stores.settings import SqliteStoreSettings

Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
Archive = Annotated[Path, typer.Argument(help="备份文件 · The archive, a .tar file")]
EXIT_REFUSED = 2


def backup(config: Config, archive: Archive) -> None:
    """备份账本、图片和内置时序库，运行中也可 · Ledger, pictures, embedded store; any time."""
    hub = load_hub(config)
    county, now = hub.settings.county, datetime.now(UTC)
    try:
        with ledger_as_it_is(hub) as ledger:
            made = make_backup(ledger, _pictures(hub), _series(hub), county, archive, now)
    except (BackupError, OSError) as error:
        raise _refused(error) from None
    _say(made, f"已备份到 · backed up to {archive}")
    _say_what_is_not_in_it(hub)


def restore(config: Config, archive: Archive) -> None:
    """恢复到未运行的空平台，先逐一校验 · Into an empty hub that does not run; checked first."""
    hub = load_hub(config)
    county = hub.settings.county
    try:
        with ledger_as_it_is(hub) as ledger:
            made = restore_backup(archive, ledger, _pictures(hub), _series(hub), county)
    except (BackupError, OSError) as error:
        raise _refused(error) from None
    _say(made, f"已恢复 · restored, as it was at {made.made_at.isoformat(timespec='seconds')}")


def _pictures(hub: Hub) -> PictureStore:
    return PictureStore(hub.data_dir / "pictures")


def _series(hub: Hub) -> Path | None:
    found = [one for one in hub.settings.stores if isinstance(one, SqliteStoreSettings)]
    return hub.data_dir / found[0].path if found else None


def _refused(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(EXIT_REFUSED)


def _say(manifest: Manifest, line: str) -> None:
    pictures = sum(name.startswith("pictures/") for name in manifest.sha256)
    rows = sum(manifest.rows.values())
    typer.echo(f"{line}: {rows} 行 rows, {pictures} 张图片 pictures")


def _say_what_is_not_in_it(hub: Hub) -> None:
    for one in hub.settings.stores:
        if not isinstance(one, SqliteStoreSettings):
            typer.echo(f"不含 · not in it: {one.type} (influx backup), secrets, {hub.file}")
