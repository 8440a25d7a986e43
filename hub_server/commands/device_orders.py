"""``hub-server devices desired|command|arm``: what is wished of a device, and what it answers."""

import getpass
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import yaml
from sqlalchemy import Connection, RowMapping

from hub_server.commands.ledger import ledger_of
from hub_server.devices import arming, desired, orders
from hub_server.devices.desired import By, UnknownDeviceError
from hub_server.devices.wish import check_wish, differences
from hub_server.ledger.engine import Ledger
from hub_server.settings import load_hub
from linli_settings import ConfigError, parse_duration, read_yaml

app = typer.Typer(no_args_is_help=True, help="期望配置 · The configuration wished of a device.")
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
Device = Annotated[str, typer.Argument(help="设备名 · The device")]
Note = Annotated[str, typer.Option(help="说明 · Why, for those who come later")]
Wait = Annotated[str, typer.Option(help="等待设备答复 · How long to wait for the device's word")]
T = TypeVar("T")
WAIT = "30s"
_LOOK_S = 0.2
_SAID = {
    "waiting": "等待设备 · waits for the device",
    "trial": "已采用，试用中 · taken, on trial",
    "applied": "已生效 · applied",
    "refused": "设备拒绝 · refused by the device",
    "rolled_back": "设备已退回 · rolled back by the device",
    "superseded": "已被新版本取代 · superseded",
    "sent": "已发出，未答复 · sent, no answer yet",
    "done": "完成 · done",
    "expired": "已过期 · expired without an answer",
}
_BAD = ("refused", "rolled_back", "expired")


@app.command("show")
def show(device: Device, config: Config) -> None:
    """查看期望与上报 · What is wished and what the device reports."""
    with ledger_of(load_hub(config)) as ledger, ledger.read() as conn:
        row = _found(lambda: desired.find_device(conn, device))
        rows, switched = desired.versions(conn, device), arming.switched(conn, device)
    reported = row["reported"] or {}
    for one in reversed(rows):
        typer.echo(_line(one))
    for (camera, zone), one in switched.items():
        what = "布防 · armed" if one["armed"] else "撤防 · disarmed"
        until = one["until"].isoformat() if one["until"] else "-"
        typer.echo(f"{what}\t{camera}/{zone}\t{until}\t{one['author']}")
    if not reported:
        typer.echo("设备尚未上报 · the device has reported nothing yet")
    else:
        force = reported.get("in_force", reported["version"])
        typer.echo(f"设备现用版本 · in force on the device: {force}")
    if rows:
        typer.echo("期望 · desired:\n" + _yaml(rows[0]["config"]))
        for field, wished, told in differences(rows[0]["config"], reported.get("config")):
            typer.echo(f"不同 · differs: {field}: {wished!r}, reported {told!r}")
    if reported:
        typer.echo("上报 · reported:\n" + _yaml(reported["config"]))


@app.command("set")
def set_(
    device: Device,
    file: Annotated[Path, typer.Argument(help="期望配置，YAML · The wish, a YAML file")],
    config: Config,
    note: Note = "",
    wait: Wait = WAIT,
) -> None:
    """下发期望配置 · Wish a configuration, laid over the device's own file."""
    limit = _seconds(wait)
    try:
        wished = yaml.safe_load(read_yaml(file))
    except yaml.YAMLError as error:
        raise ConfigError.one(file, "file", "YAML", str(error)) from None
    check_wish(wished, str(file))
    with ledger_of(load_hub(config)) as ledger:
        with ledger.write() as conn:
            version = _found(lambda: desired.wish(conn, device, wished, _by(note)))
        _follow(ledger, device, version, limit)


@app.command("rollback")
def rollback(
    device: Device,
    config: Config,
    to: Annotated[
        int | None,
        typer.Option(help="版本，0 为设备自带配置 · Which version; 0 is the device's own file"),
    ] = None,
    note: Note = "",
    wait: Wait = WAIT,
) -> None:
    """退回先前版本 · Wish an earlier version once more; default: the last that was taken."""
    limit = _seconds(wait)
    with ledger_of(load_hub(config)) as ledger:
        with ledger.write() as conn:
            version = _found(lambda: desired.roll_back(conn, device, to, _by(note)))
        _follow(ledger, device, version, limit)


def arm(
    device: Device,
    camera: Annotated[str, typer.Argument(help="摄像头 · The camera")],
    zone: Annotated[str, typer.Argument(help="区域或界线 · The zone or line")],
    what: Annotated[str, typer.Argument(help="on 布防, off 撤防, end 恢复 · on, off, or end")],
    config: Config,
    span: Annotated[str, typer.Option("--for", help="时长 · For how long, e.g. 2h")] = "",
    note: Note = "",
    wait: Wait = WAIT,
) -> None:
    """布防或撤防 · Arm or disarm a zone or line of a camera, for a time or until it is ended."""
    armed = {"on": True, "off": False, "end": None}
    if what not in armed:
        raise ConfigError.one("command line", "WHAT", "on, off or end", repr(what))
    limit, by = _seconds(wait), _by(note)
    until = by.at + timedelta(seconds=_seconds(span)) if span else None
    asked = arming.Switch(camera, zone, armed[what], until)
    with ledger_of(load_hub(config)) as ledger:
        with ledger.write() as conn:
            version = _found(lambda: arming.switch(conn, device, asked, by))
        _follow(ledger, device, version, limit)


def command(
    device: Device,
    name: Annotated[str, typer.Argument(help="命令 · snapshot, restart_camera, test_event, …")],
    config: Config,
    args: Annotated[
        list[str] | None, typer.Argument(help="参数 · Arguments: camera=gate level=debug")
    ] = None,
    expires: Annotated[str, typer.Option(help="有效期 · It is not done later than that")] = WAIT,
    late: Annotated[
        str, typer.Option(help="过期后再等 · How long to wait for a late answer")
    ] = "5s",
) -> None:
    """给设备发命令并等待答复 · Give a device a command, wait for its answer and print it."""
    span, more = _seconds(expires), _seconds(late)
    given = dict(_argument(one) for one in args or [])
    with ledger_of(load_hub(config)) as ledger:
        with ledger.write() as conn:
            command_id = _found(lambda: orders.order(conn, device, name, given, span, _by("")))
        row = _answer(ledger, command_id, span + more)
    state = orders.state_of(row, datetime.now(UTC))
    tail = " · 迟到 · late" if orders.is_late(row) else ""
    typer.echo(f"{command_id}: {_SAID[state]}{tail}")
    if row["error"]:
        typer.echo(row["error"])
    if row["result"]:
        typer.echo(_yaml(row["result"]), nl=False)
    if state in _BAD:
        raise typer.Exit(1)


def _follow(ledger: Ledger, device: str, version: int, limit_s: float) -> None:
    """Wait until the device has said something to ``version``, and print it."""

    def look(conn: Connection) -> RowMapping | None:
        rows = desired.versions(conn, device)
        return next((row for row in rows if row["version"] == version), None)

    row = _until(ledger, look, lambda one: one["answered_at"] is not None, limit_s)
    typer.echo(_line(row))
    if row["state"] in _BAD:
        raise typer.Exit(1)


def _answer(ledger: Ledger, command_id: str, limit_s: float) -> RowMapping:
    def look(conn: Connection) -> RowMapping | None:
        return orders.find_command(conn, command_id)

    return _until(ledger, look, lambda row: row["replied_at"] is not None, limit_s)


def _until(
    ledger: Ledger,
    look: Callable[[Connection], RowMapping | None],
    done: Callable[[RowMapping], bool],
    limit_s: float,
) -> RowMapping:
    """Read a row again and again until it is ``done`` or the time is over."""
    end = time.monotonic() + limit_s
    while True:
        with ledger.read() as conn:
            row = look(conn)
        if row is None:
            raise typer.Exit(1)  # pruned meanwhile; nobody waits for half a year
        if done(row) or time.monotonic() >= end:
            return row
        time.sleep(_LOOK_S)


def _line(row: RowMapping) -> str:
    words = "; ".join(row["errors"])
    when = row["created_at"].astimezone().strftime("%Y-%m-%d %H:%M:%S")
    parts = [f"v{row['version']}", _SAID[row["state"]], when, row["author"], row["note"], words]
    return "\t".join(part for part in parts if part)


def _argument(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError.one("command line", "ARGS", "name=value", repr(text))
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError.one("command line", "duration", str(error), repr(text)) from None


def author() -> str:
    """Who the audit log names for what is done on the command line."""
    return f"cli/{getpass.getuser()}"


def _by(note: str) -> By:
    return By(author(), datetime.now(UTC), note)


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


def _found(look: Callable[[], T]) -> T:
    try:
        return look()
    except UnknownDeviceError as error:
        raise ConfigError.one("command line", "DEVICE", "an enrolled device", str(error)) from None
