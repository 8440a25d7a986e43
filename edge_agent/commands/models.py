"""``edge-agent models``: list, fetch, verify and bench what the catalogue knows."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from edge_agent.commands import making
from edge_agent.detectors import Detector, ModelError, open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.types import Frame
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
_IN_FLIGHT = 4
"""Frames kept under way by bench; the detector bounds them by its own requests."""


class Device(StrEnum):
    """As in the detectors' settings."""

    CPU = "CPU"
    GPU = "GPU"
    NPU = "NPU"
    AUTO = "AUTO"


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


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]")] = None,
    device: Annotated[Device, typer.Option(case_sensitive=False)] = Device.CPU,
    seconds: Annotated[float, typer.Option(help="of each measurement")] = 3.0,
) -> None:
    """测速 · Measure detectors on this machine, from a 1280 x 720 frame to its detections."""
    console = _console()
    table = Table("模型 model", "设备 device", "延迟 latency p50 ms", "同步 sync/s", "异步 async/s")
    chosen = names or [entry.name for entry in catalogue().entries if entry.task == "detect"]
    for name in chosen:
        try:
            table.add_row(name, device, *_measure(name, device, seconds))
        except ModelError as error:
            console.print(f"✗ {name}: {error}", markup=False)
            if names:
                raise typer.Exit(1) from None
    console.print(table)


def _measure(name: str, device: str, seconds: float) -> tuple[str, str, str]:
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    frame = Frame("bench", noise, datetime(2026, 1, 1, tzinfo=UTC), 0)
    times = _with(name, device, "latency", lambda found: _one_by_one(found, frame, seconds))
    rate = _with(name, device, "throughput", lambda found: [_many(found, frame, seconds)])[0]
    return f"{np.median(times) * 1000:.1f}", f"{len(times) / sum(times):.1f}", f"{rate:.1f}"


def _with(
    name: str, device: str, hint: str, measure: Callable[[Detector], list[float]]
) -> list[float]:
    settings = OpenVinoSettings.model_validate(
        {"type": "openvino", "name": "bench", "model": name, "device": device, "hint": hint}
    )
    detector = open_detector(settings)
    try:
        return measure(detector)
    finally:
        detector.close()


def _one_by_one(detector: Detector, frame: Frame, seconds: float) -> list[float]:
    """Seconds of each frame, one after the other."""
    times: list[float] = []
    while sum(times) < seconds:
        begin = time.perf_counter()
        detector.submit(frame).result()
        times.append(time.perf_counter() - begin)
    return times


def _many(detector: Detector, frame: Frame, seconds: float) -> float:
    """Frames a second with several under way."""
    begin, done = time.perf_counter(), 0
    flights = [detector.submit(frame) for _ in range(_IN_FLIGHT)]
    while time.perf_counter() - begin < seconds:
        flights.pop(0).result()
        done += 1
        flights.append(detector.submit(frame))
    for flight in flights:
        flight.result()
    return (done + len(flights)) / (time.perf_counter() - begin)
