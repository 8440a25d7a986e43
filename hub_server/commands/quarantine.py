"""``hub-server quarantine``: messages that could not be taken in."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from hub_server import audit
from hub_server.commands.ledger import ledger_as_it_is
from hub_server.pipeline.quarantine import Choice, ask, chosen, drop
from hub_server.settings import load_hub
from linli_settings import ConfigError
from linli_settings.units import parse_duration

app = typer.Typer(
    no_args_is_help=True, help="隔离区 · Messages that could not be taken in, with their reasons."
)
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
OfDevice = Annotated[str | None, typer.Option("--device", help="设备 · Of this device")]
ForReason = Annotated[
    str | None, typer.Option("--reason", help="原因 · rate, not_enrolled, undecodable, failed, …")
]
Newer = Annotated[str | None, typer.Option("--newer", help="比它新，如 2h · Newer than, e.g. 2h")]
Older = Annotated[str | None, typer.Option("--older", help="比它旧，如 7d · Older than, e.g. 7d")]
Numbers = Annotated[list[int] | None, typer.Argument(help="编号 · Numbers of messages")]
Every = Annotated[bool, typer.Option("--all", help="全部 · All of them")]


@app.command("list")
def list_(
    config: Config,
    device: OfDevice = None,
    reason: ForReason = None,
    newer: Newer = None,
    older: Older = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="最多 · At most")] = 50,
) -> None:
    """列出消息，最新的在前 · The newest first."""
    with _ledger(config, write=False) as conn:
        rows = chosen(conn, _choice(device, reason, newer, older), limit)
    for row in rows:
        asked = " → 重放 replay" if row["replay_at"] else ""
        typer.echo(
            f"{row['seq']:>8}  {row['received_at']:%Y-%m-%d %H:%M:%S}Z  {row['reason']:<16}"
            f"{row['device'] or '-':<20}{len(row['payload']):>8} B  {row['topic']}{asked}"
        )
    if not rows:
        typer.echo("无 · none")


@app.command()
def show(config: Config, number: Annotated[int, typer.Argument(help="编号 · Its number")]) -> None:
    """显示一条消息及其原因 · One message with its reason and its bytes."""
    with _ledger(config, write=False) as conn:
        rows = chosen(conn, Choice(seqs=(number,)), 1)
    if not rows:
        raise ConfigError.one("quarantine", "number", "one of the list", str(number))
    for name in ("seq", "received_at", "device", "topic", "reason", "detail"):
        typer.echo(f"{name}: {rows[0][name]}")
    typer.echo(rows[0]["payload"].decode("utf-8", "backslashreplace"))


@app.command()
def replay(
    config: Config,
    numbers: Numbers = None,
    device: OfDevice = None,
    reason: ForReason = None,
    newer: Newer = None,
    older: Older = None,
    every: Every = False,
) -> None:
    """再次处理：登记设备或更新程序之后 · Take them in again, after enrolling or an update."""
    choice = _named(_choice(device, reason, newer, older, numbers), every)
    with _ledger(config, write=True) as conn:
        count = ask(conn, choice, datetime.now(UTC))
        _note(conn, "quarantine replay", choice, count)
    typer.echo(f"{count} 条将由运行中的服务处理 · will be taken in by the running hub")


@app.command("drop")
def drop_(
    config: Config,
    numbers: Numbers = None,
    device: OfDevice = None,
    reason: ForReason = None,
    newer: Newer = None,
    older: Older = None,
    every: Every = False,
) -> None:
    """永久删除 · Drop them for good."""
    choice = _named(_choice(device, reason, newer, older, numbers), every)
    with _ledger(config, write=True) as conn:
        count = drop(conn, choice)
        _note(conn, "quarantine drop", choice, count)
    typer.echo(f"已删除 {count} 条 · dropped")


def _choice(
    device: str | None,
    reason: str | None,
    newer: str | None,
    older: str | None,
    numbers: list[int] | None = None,
) -> Choice:
    return Choice(device, reason, _ago(newer), _ago(older), tuple(numbers or ()))


def _ago(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise ConfigError.one("quarantine", "newer/older", str(error), repr(text)) from None


def _named(choice: Choice, every: bool) -> Choice:
    """Nothing is changed that nobody named."""
    if choice == Choice() and not every:
        raise ConfigError.one("quarantine", "messages", "numbers, a filter or --all", "none")
    return choice


def _note(conn: Connection, action: str, choice: Choice, count: int) -> None:
    named = {name: str(value) for name, value in vars(choice).items() if value}
    audit.note(
        conn, datetime.now(UTC), getpass.getuser(), action, "quarantine", {**named, "count": count}
    )


@contextmanager
def _ledger(config: Path, *, write: bool) -> Iterator[Connection]:
    with (
        ledger_as_it_is(load_hub(config)) as ledger,
        ledger.write() if write else ledger.read() as conn,
    ):
        yield conn
