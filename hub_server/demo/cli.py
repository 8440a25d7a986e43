"""``hub-server demo``: everything on this machine, live or as a story."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub_server.demo.errors import DemoError

EXIT_FAILED = 1


def demo(
    once: Annotated[bool, typer.Option(help="演完即退出 · Play the story and exit.")] = False,
    camera: Annotated[
        str | None, typer.Option(help="录像文件或 RTSP 地址 · A video file or RTSP address.")
    ] = None,
    summary: Annotated[
        Path | None, typer.Option(help="把结果写成 JSON · Write the figures as JSON.")
    ] = None,
    folder: Annotated[
        Path, typer.Option("--dir", help="演示文件夹 · Its folder, made anew at every start.")
    ] = Path(".demo"),
) -> None:
    """在本机演示全部 · Show all of Linli on this machine."""
    from hub_server.demo.run import run

    console = Console(soft_wrap=True, highlight=False)
    try:
        run(console, folder.absolute(), camera, once=once, summary_file=summary)
    except DemoError as error:
        console.print(f"[red]✗ {error}[/]", markup=True)
        raise typer.Exit(EXIT_FAILED) from None
