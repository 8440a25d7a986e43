"""``edge-agent models bench``: every copy of a model on this machine, and which is fastest."""

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from edge_agent.detectors import Detector, DetectorSettings, ModelError, open_detector
from edge_agent.detectors.settings import OpenVinoSettings, UltralyticsSettings
from edge_agent.types import Frame
from linli_models import Checked, UnknownEntryError, cache_folder, catalogue, verify

_IN_FLIGHT = 4
"""Frames kept under way by bench; the detector bounds them by its own requests."""


class Device(StrEnum):
    """As in the detectors' settings."""

    CPU = "CPU"
    GPU = "GPU"
    NPU = "NPU"
    AUTO = "AUTO"


def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME|FILE...]")] = None,
    device: Annotated[Device, typer.Option(case_sensitive=False)] = Device.CPU,
    seconds: Annotated[float, typer.Option(help="of each measurement")] = 3.0,
) -> None:
    """测速 · Measure every copy of a model on this machine, and your own files; which is fastest.

    From a 1280 x 720 frame to its detections. A .engine or .pt file runs by ultralytics.
    """
    console, rates = Console(soft_wrap=True, highlight=False), dict[str, float]()
    table = Table("模型 model", "设备 device", "延迟 latency p50 ms", "同步 sync/s", "异步 async/s")
    chosen = names or [entry.name for entry in catalogue().entries if entry.task == "detect"]
    for name in chosen:
        for title, settings in _candidates(name, device):
            try:
                row, rates[title] = _measure(settings, seconds)
            except ModelError as error:
                console.print(f"✗ {title}: {error}", markup=False)
                if names:
                    raise typer.Exit(1) from None
            else:
                table.add_row(title, settings.device, *row)
    console.print(table)
    if rates:
        fastest = max(rates, key=rates.__getitem__)
        console.print(
            f"最快 fastest on this machine ({platform.machine()}): {fastest}", markup=False
        )


def _candidates(name: str, device: str) -> list[tuple[str, DetectorSettings]]:
    """What to measure, with its title: every good copy of ``name``, or the file that it is."""
    if Path(name).suffix:
        return [(name, _settings(Path(name), {0: "person"}, device))]
    copies = [row for row in _copies(name) if not row.problem]
    if not copies:  # the detector says what is wrong, and how to get it
        given = {"type": "openvino", "name": "bench", "model": name, "device": device}
        return [(name, OpenVinoSettings.model_validate(given))]
    classes = catalogue().entry(name).classes
    return [
        (f"{name} {row.path.parent.name}/{row.path.name}", _settings(row.path, classes, device))
        for row in copies
    ]


def _copies(name: str) -> list[Checked]:
    try:
        return verify(name, cache_folder(os.environ), os.environ)
    except UnknownEntryError:
        return []


def _settings(file: Path, classes: dict[int, str], device: str) -> DetectorSettings:
    common: dict[str, object] = {"name": "bench", "model": str(file), "classes": classes}
    if file.suffix in (".engine", ".pt"):
        kind = "GPU" if file.suffix == ".engine" else device
        return UltralyticsSettings.model_validate({"type": "ultralytics", "device": kind, **common})
    return OpenVinoSettings.model_validate({"type": "openvino", "device": device, **common})


def _measure(settings: DetectorSettings, seconds: float) -> tuple[tuple[str, str, str], float]:
    """A row of the table, and frames a second with several under way."""
    noise = np.random.default_rng(1).integers(0, 255, (720, 1280, 3), np.uint8)
    frame = Frame("bench", noise, datetime(2026, 1, 1, tzinfo=UTC), 0)
    times = _with(settings, lambda found: _one_by_one(found, frame, seconds))
    wide: DetectorSettings = settings
    if isinstance(settings, OpenVinoSettings):
        wide = settings.model_copy(update={"hint": "throughput"})
    rate = _with(wide, lambda found: [_many(found, frame, seconds)])[0]
    shown = f"{np.median(times) * 1000:.1f}", f"{len(times) / sum(times):.1f}", f"{rate:.1f}"
    return shown, rate


def _with(settings: DetectorSettings, measure: Callable[[Detector], list[float]]) -> list[float]:
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
