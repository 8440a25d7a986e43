"""``hub-server dashboards build|push``: write the dashboards as files, or send them to Grafana."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from linli_dashboards.files import write_all
from linli_dashboards.operation import operation_page
from linli_dashboards.overview import county_overview
from linli_dashboards.push import PushError
from linli_dashboards.push import push as send
from linli_dashboards.strings import Lang
from linli_settings import ConfigError
from linli_settings.errors import EXIT_CONFIG
from linli_settings.secrets import resolve

app = typer.Typer(help="大屏 · Grafana dashboards as code.", no_args_is_help=True)


class Language(StrEnum):
    zh = "zh"
    en = "en"


LanguageOption = Annotated[
    Language | None, typer.Option("--lang", help="语言 · Only this language; both when not given.")
]
OperationOption = Annotated[
    bool,
    typer.Option(
        "--operation", help="运行页 · The hub's own figures too; needs a Prometheus data source."
    ),
]
TilesOption = Annotated[
    str, typer.Option("--tiles", help="底图地址 · XYZ address of map tiles; none when not given.")
]


def _langs(language: Language | None) -> list[Lang]:
    return [language.value] if language else ["zh", "en"]


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", help="输出目录 · Folder to write into.")],
    lang: LanguageOption = None,
    tiles: TilesOption = "",
    operation: OperationOption = False,
) -> None:
    """生成大屏文件 · Write the dashboards as JSON files; the same input gives the same bytes."""
    try:
        files = list(write_all(out, _langs(lang), tiles, operation))
    except OSError as error:
        found = f"{error.filename}: {error.strerror}"
        wrong = ConfigError.one("command line", "--out", "a folder that can be written", found)
        typer.echo(wrong, err=True)
        raise typer.Exit(EXIT_CONFIG) from None
    for file in files:
        typer.echo(file)


@app.command()
def push(
    url: Annotated[str, typer.Option("--url", help="Grafana 地址 · Grafana's address.")],
    token: Annotated[
        str, typer.Option("--token", help="令牌位置 · Where the token is: file:/path or env:NAME.")
    ],
    lang: LanguageOption = None,
    tiles: TilesOption = "",
    operation: OperationOption = False,
) -> None:
    """推送到 Grafana · Send the dashboards to a Grafana server, replacing older ones."""
    try:
        secret = resolve(token) if token.startswith(("file:", "env:")) else ""
        if not secret:
            raise ConfigError.one(
                "command line", "--token", "file:/path or env:NAME", "something else"
            )
        made = [county_overview(each, tiles) for each in _langs(lang)]
        made += [operation_page(each) for each in _langs(lang) if operation]
        pages = send(url, secret, made)
    except ConfigError as error:
        typer.echo(error, err=True)
        raise typer.Exit(EXIT_CONFIG) from None
    except PushError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    for page in pages:
        typer.echo(page)
