"""``edge-agent models``: list, fetch, verify and bench what the catalogue knows."""

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge_agent.commands import making, measuring
from linli_models import (
    FetchError,
    UnknownEntryError,
    cache_folder,
    catalogue,
    fetch,
    locate,
    verify,
)
from linli_models.bars import Bars
from linli_settings.errors import EXIT_CONFIG

app = typer.Typer(
    no_args_is_help=True, help="模型与样例视频 · Models and footage, checked by hash."
)
app.command("quantize")(making.quantize)
app.command("export")(making.export_)
app.command("bench")(measuring.bench)


Names = Annotated[list[str], typer.Argument(metavar="NAME...")]


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)


@app.command("list")
def list_() -> None:
    """列出目录中的模型与视频 · What the catalogue knows, and what is on this machine."""
    table = Table("名称 name", "标题 title", "任务 task", "许可 licence")
    table.add_column("本机 here", overflow="fold")
    for entry in catalogue().entries:
        table.add_row(
            entry.name,
            f"{entry.title.zh}\n{entry.title.en}",
            entry.task,
            entry.licence,
            _here(entry.name),
        )
    _console().print(table)


def _here(name: str) -> str:
    try:
        return str(locate(name, cache_folder(os.environ), os.environ).path)
    except FetchError as error:
        return "-" if not verify(name, cache_folder(os.environ), os.environ) else f"✗ {error}"


@app.command("fetch")
def fetch_(names: Names) -> None:
    """获取并校验 · Fetch NAME... from the first source that has it, checked by hash."""
    failed = False
    with Bars() as bars:
        for name in names:
            try:
                bars.done(fetch(name, cache_folder(os.environ), progress=bars))
            except UnknownEntryError as error:
                bars.failed(error)
                raise typer.Exit(EXIT_CONFIG) from None
            except FetchError as error:
                failed = True
                bars.failed(error)
    if failed:
        raise typer.Exit(1)


@app.command("verify")
def verify_(names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None) -> None:
    """校验本机文件 · Check every copy on this machine; exit code 1 where one is wrong."""
    console, wrong = _console(), False
    for name in names or [entry.name for entry in catalogue().entries]:
        try:
            found = verify(name, cache_folder(os.environ), os.environ)
        except UnknownEntryError as error:
            console.print(f"✗ {error}", markup=False)
            raise typer.Exit(EXIT_CONFIG) from None
        wrong |= any(row.problem for row in found) or (bool(names) and not found)
        for row in found:
            text = f"✗ {row.problem}" if row.problem else f"✓ {name}: {row.path}"
            console.print(text, markup=False)
        if not found:
            console.print(f"- {name}: 本机没有 · not on this machine", markup=False)
    if wrong:
        raise typer.Exit(1)
