"""``hub-server silences``: alerts that are kept but open nothing, for a time."""

import getpass
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from hub_server.alerting.matcher import Matcher
from hub_server.alerting.silences import (
    Kind,
    Silence,
    SilenceError,
    Wish,
    add_silence,
    end_silence,
    list_silences,
)
from hub_server.commands.ledger import ledger_of
from hub_server.settings import load_hub
from linli_settings import ConfigError
from linli_settings.units import parse_duration

app = typer.Typer(no_args_is_help=True, help="静默与检修 · Silences and maintenance windows.")
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
COMMAND = "command line"


@app.command("list")
def show(config: Config) -> None:
    """列出未结束的静默 · Those that are not over."""
    with ledger_of(load_hub(config)) as ledger, ledger.read() as conn:
        found = list_silences(conn, datetime.now(UTC))
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("无 · none")


@app.command()
def add(
    config: Config,
    reason: Annotated[str, typer.Option(help="原因 · Why")],
    duration: Annotated[str, typer.Option("--for", help="多久，如 2h · How long, such as 2h")],
    match: Annotated[list[str], typer.Option(help="字段=值 · field=value, e.g. device=pi-0001")],
    maintenance: Annotated[bool, typer.Option(help="检修 · A maintenance window")] = False,
    author: Annotated[str, typer.Option(help="登记人 · Who asks for it")] = "",
) -> None:
    """从现在起静默 · From now on."""
    now = datetime.now(UTC)
    kind = Kind.MAINTENANCE if maintenance else Kind.SILENCE
    try:
        until = now + timedelta(seconds=parse_duration(duration))
    except ValueError as error:
        raise ConfigError.one(COMMAND, "--for", str(error), repr(duration)) from None
    wish = Wish(kind, _matcher(match), now, until, reason)
    try:
        with ledger_of(load_hub(config)) as ledger, ledger.write() as conn:
            made = add_silence(conn, wish, author or getpass.getuser(), now, os.urandom(10))
    except SilenceError as error:
        raise _refused(error) from None
    typer.echo(_line(made))


@app.command()
def end(
    config: Config,
    silence: Annotated[str, typer.Argument(help="编号 · The id that list shows")],
    author: Annotated[str, typer.Option(help="登记人 · Who ends it")] = "",
) -> None:
    """立即结束 · End one now."""
    try:
        with ledger_of(load_hub(config)) as ledger, ledger.write() as conn:
            ended = end_silence(conn, silence, author or getpass.getuser(), datetime.now(UTC))
    except SilenceError as error:
        raise _refused(error) from None
    typer.echo(_line(ended))


def _matcher(pairs: list[str]) -> Matcher:
    """``['device=pi-0001', 'labels.line=north']`` as a matcher."""
    values: dict[str, object] = {}
    labels: dict[str, str] = {}
    for pair in pairs:
        name, given, value = pair.partition("=")
        if not given or not value:
            raise ConfigError.one(COMMAND, "--match", "field=value", repr(pair))
        if name.startswith("labels."):
            labels[name.removeprefix("labels.")] = value
        else:
            values[name] = value.split(",") if name == "colours" else value
    try:
        return Matcher.model_validate({**values, **({"labels": labels} if labels else {})})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        fields = ", ".join(Matcher.model_fields)
        raise ConfigError.one(
            COMMAND, "--match", f"fields {fields} ({first['msg']})", field or repr(pairs)
        ) from None


def _refused(error: SilenceError) -> ConfigError:
    field, _, rest = str(error).partition(": expected ")
    expected, _, found = rest.rpartition(", got ")
    return ConfigError.one(COMMAND, field, expected or rest, found or "something else")


def _line(one: Silence) -> str:
    matcher = one.matcher.model_dump(mode="json", exclude_defaults=True)
    shown = " ".join(f"{name}={value}" for name, value in matcher.items())
    times = f"{one.begins_at:%Y-%m-%d %H:%MZ} – {one.ends_at:%Y-%m-%d %H:%MZ}"
    return f"{one.id}  {one.kind}  {times}  {shown}  {one.author}: {one.reason}"
