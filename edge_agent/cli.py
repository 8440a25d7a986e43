"""The program ``edge-agent``."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.language import Lang, chosen, of_locale
from linli_contract.faults import explain, fault
from linli_settings import ConfigError
from linli_settings.errors import EXIT_CONFIG
from linli_settings.logs import set_up_logs

EXIT_FAULT = 1
"""The configuration is right, but something it names is at fault."""


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Config = Annotated[
    Path, typer.Option("--config", "-c", help="配置文件 · The configuration, a YAML file.")
]
Language = Annotated[
    Lang,
    typer.Option(
        "--lang",
        default_factory=lambda: of_locale(os.environ),
        show_default="LANG",
        help="语言 · Language.",
    ),
]
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="邻里边缘代理 · Linli's edge agent: cameras and sensors to the county hub.",
)


@app.command()
def run(
    config: Config,
    log_level: Annotated[
        LogLevel, typer.Option(help="日志级别 · How much is logged.")
    ] = LogLevel.INFO,
) -> None:
    """运行，直到收到停止信号 · Run until told to stop (SIGTERM, SIGINT)."""
    from edge_agent.commands.run import run as run_agent
    from edge_agent.outbox import OutboxError

    set_up_logs(log_level.value)
    try:
        code = run_agent(config)
    except OutboxError as error:
        text = fault("outbox_write", str(error))
        typer.echo(explain(text, of_locale(os.environ)), err=True)
        raise typer.Exit(EXIT_FAULT) from None
    raise typer.Exit(code)


@app.command()
def check(
    config: Config,
    lang: Language,
    open_cameras: Annotated[
        bool, typer.Option("--open", help="并打开摄像头 · Also open every stream of every camera.")
    ] = False,
) -> None:
    """检查配置，不连接网络 · Check the configuration and what it names; connects to nothing."""
    from edge_agent.commands.check import check as check_configuration

    set_up_logs("error")
    problems = check_configuration(config, open_cameras, lang.value)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(EXIT_FAULT)
    typer.echo(f"{config}: {'配置正确' if lang is Lang.ZH else 'ok'}")


@app.command()
def doctor(
    config: Config,
    lang: Language,
) -> None:
    """逐项检查设备：原因与处理 · Try every part of the device: cause and fix."""
    from rich.console import Console

    from edge_agent.commands.doctor import doctor as examine

    set_up_logs("error")
    raise typer.Exit(examine(config, lang.value, Console(soft_wrap=True, highlight=False)))


@app.command()
def watch(
    config: Config,
    lang: Language,
    once: Annotated[bool, typer.Option("--once", help="只看一次 · One look, then end.")] = False,
) -> None:
    """实时查看运行中的代理 · Watch the running agent: cameras, outbox, machine, faults."""
    from rich.console import Console

    from edge_agent.commands.watch import watch as look

    raise typer.Exit(look(config, lang.value, once, Console(highlight=False)))


@app.command()
def zones(
    camera: Annotated[str, typer.Argument(help="摄像头名称 · The camera's name.")],
    config: Config,
    lang: Language,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: 任一空闲端口 · any free one")] = 0,
) -> None:
    """在实时画面上画区域和线 · Draw zones and lines on the live picture, in a browser."""
    import threading

    from edge_agent.commands.zones import serve

    set_up_logs("error")
    prompt = {
        Lang.ZH: "在本机浏览器中打开（仅一次有效），Ctrl-C 结束",
        Lang.EN: "open in a browser here, once; Ctrl-C ends",
    }[lang]

    def tell(address: str) -> None:
        typer.echo(f"{prompt}\n{address}")

    try:
        serve(config, camera, port, lang.value, tell, threading.Event())
    except OSError as error:
        typer.echo(f"127.0.0.1:{port}: {error.strerror}", err=True)
        raise typer.Exit(EXIT_FAULT) from None
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def outbox(
    config: Config,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """等待上报的消息 · What waits for the hub."""
    from edge_agent.commands.outbox import show
    from edge_agent.outbox import OutboxError

    try:
        typer.echo(show(config, as_json))
    except OutboxError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAULT) from None


@app.command()
def prescan(config: Config) -> None:
    """录像里会不会发生入侵 · Whether an intrusion can happen in the cameras' recordings."""
    from edge_agent.cameras import CameraError
    from edge_agent.commands.prescan import prescan as scan
    from edge_agent.detectors import ModelError

    set_up_logs("error")
    try:
        verdicts = scan(config)
    except (CameraError, ModelError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAULT) from None
    for verdict in verdicts:
        typer.echo(verdict.reason)
    if not all(verdict.possible for verdict in verdicts):
        raise typer.Exit(EXIT_FAULT)


@app.command()
def evaluate(
    clip: Annotated[Path, typer.Argument(help="录像 · A recording.")],
    truth: Annotated[Path, typer.Option(help="真值，MOTChallenge 格式 · Who is where in it.")],
    rate: Annotated[
        float | None, typer.Option(help="每秒看几帧 · Frames looked at per second; default: all.")
    ] = None,
    zones: Annotated[
        Path | None, typer.Option(help="区域与越线，YAML · Zones and lines; default: drawn.")
    ] = None,
    seed: Annotated[int, typer.Option(help="随机种子 · Of the zones and lines drawn.")] = 1,
    zones_count: Annotated[int, typer.Option(min=0)] = 40,
    lines_count: Annotated[int, typer.Option(min=0)] = 20,
    model: Annotated[
        str, typer.Option(help="目录中的模型 · A model of the catalogue.")
    ] = "yolo11n",
    labels: Annotated[str, typer.Option(help="类别，逗号分隔 · Separated by commas.")] = "person",
    settle: Annotated[
        str | None,
        typer.Option(
            help="多久内折返不算越线，如 0s · Back sooner is no crossing; default: each line's own."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """用有真值的录像评测：检测、跟踪、事件 · Detection, tracking and events against a truth."""
    from rich.console import Console

    from edge_agent.cameras import CameraError
    from edge_agent.commands.evaluate import evaluate as judge
    from edge_agent.commands.evaluate import show
    from edge_agent.detectors import ModelError
    from edge_agent.evaluate.report import Drawn

    set_up_logs("error")
    areas = zones or Drawn(seed, zones_count, lines_count)
    wanted = [label.strip() for label in labels.split(",") if label.strip()] or ["person"]
    try:
        report = judge(clip, truth, model, areas, rate, wanted, settle)
    except (CameraError, ModelError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_FAULT) from None
    show(report, as_json, Console(soft_wrap=True, highlight=False))


def main() -> None:
    """Run the program; a wrong configuration is said plainly and exits with 2."""
    # the doctor must run where OpenCV cannot be imported: it says why
    if sys.argv[1:2] != ["doctor"]:
        _add_groups()
    try:
        app()
    except ConfigError as error:
        typer.echo(error.text(chosen(sys.argv[1:], os.environ)), err=True)
        sys.exit(EXIT_CONFIG)


def _add_groups() -> None:
    try:
        from edge_agent.commands.cameras import app as cameras
        from edge_agent.commands.models import app as models
    except ImportError:
        from edge_agent.findings import opencv

        found = opencv()
        if not found.fault:
            raise
        typer.echo(f"{explain(found.fault, 'zh')}\n{explain(found.fault, 'en')}", err=True)
        sys.exit(EXIT_FAULT)
    app.add_typer(cameras, name="cameras")
    app.add_typer(models, name="models")
