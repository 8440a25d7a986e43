"""``hub-server rules``: check and test a folder; see, switch and explain what the hub runs."""

import getpass
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from hub_server.alerting.engine import Limits
from hub_server.alerting.rule_tests import run_test_file
from hub_server.alerting.rules import TEST_SUFFIX
from hub_server.commands.ledger import ledger_of
from hub_server.ledger.engine import Ledger
from hub_server.rule_sets import requests
from hub_server.rule_sets.place import keyed_by, rules_dir
from hub_server.rule_sets.reading import read_set
from hub_server.rule_sets.requests import Answer, Kind
from hub_server.rule_sets.versions import read_versions
from hub_server.settings import Hub, load_hub
from hub_server.share import share_dir
from linli_settings import ConfigError

app = typer.Typer(help="规则 · Alert rules.", no_args_is_help=True)
EXIT_FAILED = 1
ASK_S = 0.2
FolderArgument = Annotated[
    Path | None, typer.Argument(help="规则文件夹 · The folder; the installed one when not given.")
]
Config = Annotated[Path, typer.Option("--config", "-c", help="中心配置 · The hub's hub.yaml")]
KeyedBy = Annotated[
    Literal["community"] | None,
    typer.Option(
        "--keyed-by", help="中心按此级别分区 (Kafka) · The hub runs on Kafka, split by this level"
    ),
]
Note = Annotated[str, typer.Option(help="原因，记入台账 · Why, for the record")]
Wait = Annotated[float, typer.Option(min=0, help="等待秒数 · Seconds to wait for the hub")]


@app.command()
def check(folder: FolderArgument = None, key: KeyedBy = None) -> None:
    """检查规则文件 · Read every file; each problem with file, line, field and fix."""
    where = folder or share_dir("rules")
    found = read_set(where, key or "")
    counts = f"{len(found.rules.rules)} rules, {len(found.types)} types, {len(found.areas)} areas"
    typer.echo(f"{where}: 配置正确 · ok: {counts}, version {found.version}")
    for rule, year in found.rules.unknown_years(datetime.now(UTC)).items():
        typer.echo(f"{rule}: {year} 年节假日未知，暂按星期 · holidays unknown, goes by weekdays")


@app.command("test")
def play(folder: FolderArgument = None) -> None:
    """按虚拟时间运行规则测试 · Play every test file in virtual time."""
    where = folder or share_dir("rules")
    read_set(where)
    files = sorted(where.glob(f"*{TEST_SUFFIX}"))
    if not files:
        raise ConfigError.one(where, "folder", f"at least one test file (*{TEST_SUFFIX})", "none")
    failed = sum([_run_file(file) for file in files])
    if failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def versions(config: Config, limit: Annotated[int, typer.Option(min=1)] = 20) -> None:
    """列出规则版本，* 为当前 · The versions there were, * the one in force."""
    with ledger_of(load_hub(config)) as ledger, ledger.read() as conn:
        rows = read_versions(conn, limit)
    if not rows:
        typer.echo("尚无版本 · none yet: the hub has not run with this ledger")
    for mark, row in zip("*" + " " * len(rows), rows, strict=False):
        at = row.switched_at.astimezone().strftime("%Y-%m-%d %H:%M:%S%z")
        typer.echo(
            f"{mark} {row.hash}  {at}  {row.author}  {len(row.fingerprints)} rules  {row.note}"
        )


@app.command()
def switch(config: Config, note: Note = "", wait: Wait = 30.0) -> None:
    """检查文件夹并让中心切换 · Check the hub's folder and have the hub switch to it now."""
    hub = load_hub(config)
    read_set(rules_dir(hub), keyed_by(hub))
    _ask(hub, Kind.SWITCH, note, wait)


@app.command()
def retry(config: Config, wait: Wait = 30.0) -> None:
    """重新启用出错的规则 · Have the hub try rules again that broke."""
    _ask(load_hub(config), Kind.RETRY, "", wait)


def _ask(hub: Hub, kind: Kind, note: str, wait_s: float) -> None:
    with ledger_of(hub) as ledger:
        with ledger.write() as conn:
            seq = requests.ask(conn, kind, getpass.getuser(), note, datetime.now(UTC))
        answer = _await(ledger, seq, wait_s)
    if answer.ok is None:
        typer.echo(
            f"{wait_s:g} 秒内没有回答，中心在运行吗 · no answer: is the hub running?", err=True
        )
        raise typer.Exit(EXIT_FAILED)
    typer.echo(answer.text, err=not answer.ok)
    if not answer.ok:
        raise typer.Exit(EXIT_FAILED)


def _await(ledger: Ledger, seq: int, wait_s: float) -> Answer:
    end = time.monotonic() + wait_s
    while True:
        with ledger.read() as conn:
            answer = requests.answer_of(conn, seq)
        if answer.ok is not None or time.monotonic() >= end:
            return answer
        time.sleep(ASK_S)


def _run_file(file: Path) -> int:
    count, failures = run_test_file(file, Limits())
    typer.echo(f"{file}: {count - len(failures)} of {count} passed")
    for failure in failures:
        typer.echo(failure.text())
    return len(failures)
