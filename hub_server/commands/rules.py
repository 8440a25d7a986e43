"""``hub-server rules check|test``: read a folder of rules as the hub would, and play its tests."""

from pathlib import Path
from typing import Annotated

import typer

from hub_server.alerting.engine import Limits
from hub_server.alerting.rule_tests import run_test_file
from hub_server.alerting.rules import TEST_SUFFIX, load_rules
from hub_server.devices.areas import load_areas
from hub_server.incidents.incident_types import load_incident_types
from hub_server.share import share_dir
from linli_settings import ConfigError

app = typer.Typer(help="规则 · Alert rules.", no_args_is_help=True)
EXIT_FAILED = 1
FolderArgument = Annotated[
    Path | None, typer.Argument(help="规则文件夹 · The folder; the installed one when not given.")
]


@app.command()
def check(folder: FolderArgument = None) -> None:
    """检查规则文件 · Read every file; each problem with file, line, field and fix."""
    where = folder or share_dir("rules")
    rules = load_rules(where)
    types = load_incident_types(where / "incident_types.yaml")
    areas = load_areas(where / "areas.yaml")
    typer.echo(
        f"{where}: 配置正确 · ok: {len(rules.rules)} rules, {len(types)} types, {len(areas)} areas"
    )


@app.command("test")
def play(folder: FolderArgument = None) -> None:
    """按虚拟时间运行规则测试 · Play every test file in virtual time."""
    where = folder or share_dir("rules")
    load_rules(where)
    files = sorted(where.glob(f"*{TEST_SUFFIX}"))
    if not files:
        raise ConfigError.one(where, "folder", f"at least one test file (*{TEST_SUFFIX})", "none")
    failed = sum([_run_file(file) for file in files])
    if failed:
        raise typer.Exit(EXIT_FAILED)


def _run_file(file: Path) -> int:
    count, failures = run_test_file(file, Limits())
    typer.echo(f"{file}: {count - len(failures)} of {count} passed")
    for failure in failures:
        typer.echo(failure.text())
    return len(failures)
