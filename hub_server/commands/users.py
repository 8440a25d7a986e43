"""``hub-server users``: add a person, make a sign-in link."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from hub_server.auth.roles import Role
from hub_server.auth.tokens import make_link_code, token_key
from hub_server.auth.users import User, UserError, add_user, find_user
from hub_server.commands.ledger import ledger_of
from hub_server.settings import load_hub
from linli_settings import ConfigError

app = typer.Typer(no_args_is_help=True, help="用户 · The people who sign in.")
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]


@app.command()
def add(
    config: Config,
    name: Annotated[str, typer.Option(help="登录名 · Name to sign in with")],
    role: Annotated[Role, typer.Option(help="角色 · What this person is")],
    area: Annotated[str, typer.Option(help="区域编码 · Sees codes that start with it")],
    zh: Annotated[str, typer.Option(help="中文姓名 · Name in Chinese")],
    en: Annotated[str, typer.Option(help="英文姓名 · Name in English")] = "",
    phone: str = "",
    replace: Annotated[bool, typer.Option(help="覆盖 · Replace a known user")] = False,
) -> None:
    """添加用户，口令在提示后输入 · Add a person; asks for the password."""
    password = typer.prompt("口令 · Password", hide_input=True, confirmation_prompt=True)
    try:
        with ledger_of(load_hub(config)) as ledger, ledger.write() as conn:
            add_user(conn, User(name, role, area, zh, en or name, phone), password, replace=replace)
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{name}: {role}, {area}")


@app.command()
def link(
    config: Config,
    name: Annotated[str, typer.Option(help="登录名 · Name of a user")],
) -> None:
    """生成限时登录链接 · Print a sign-in link; whoever has it signs in as this person."""
    hub = load_hub(config)
    key = token_key(hub.settings.auth, hub.base)
    with ledger_of(hub) as ledger, ledger.read() as conn:
        known = find_user(conn, name)
    if known is None:
        raise ConfigError.one("command line", "--name", "a user who may sign in", repr(name))
    life = timedelta(seconds=hub.settings.auth.link)
    code = make_link_code(name, key.secret, datetime.now(UTC), life)
    typer.echo(f"{str(hub.settings.http.public_url).rstrip('/')}/#/in/{code}")
