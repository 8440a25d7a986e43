"""``edge-agent evaluate``: the agent on a clip whose truth is known."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from edge_agent.behaviours.settings import Settle
from edge_agent.detectors import open_detector
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.evaluate.report import Drawn, Report
from edge_agent.evaluate.report import evaluate as run
from linli_settings import ConfigError
from linli_settings.units import format_duration


def evaluate(
    clip: Path,
    truth: Path,
    model: str,
    areas: Path | Drawn,
    rate: float | None,
    labels: Sequence[str],
    settle: str | None = None,
    env: Mapping[str, str] = os.environ,
) -> Report:
    """What came of it.

    Raises:
        ConfigError: an argument, the truth or the areas cannot be used.
        CameraError: the clip cannot be opened.
        ModelError: the model cannot be had or run.
    """
    if rate is not None and not rate > 0:
        raise ConfigError.one("--rate", "rate", "frames per second above 0", f"{rate:g}")
    seconds = _seconds(settle)
    settings = OpenVinoSettings(type="openvino", name="evaluate", model=model)
    detector = open_detector(settings, env)
    try:
        return run(clip, truth, detector, areas, rate, labels, settle=seconds)
    finally:
        detector.close()


def _seconds(settle: str | None) -> float | None:
    if settle is None:
        return None
    try:
        return TypeAdapter(Settle).validate_python(settle)
    except ValidationError:
        expected = "a duration from 0s to 10s"
        raise ConfigError.one("--settle", "settle", expected, repr(settle)) from None


def show(report: Report, as_json: bool, console: Console) -> None:
    """As one JSON object, or as a table."""
    if as_json:
        console.print_json(json.dumps(report.as_json()))
        return
    table = Table("", "召回 recall", "精确 precision", "应有 due", "报出 raised")
    scores = report.scores
    table.add_row("检测 detection", f"{scores.recall:.3f}", f"{scores.precision:.3f}", "", "")
    for name, n in (("区域入侵 intrusion", report.intrusion), ("越线 line", report.line_crossing)):
        row = (f"{n.recall:.3f}", f"{n.precision:.3f}", str(n.due), str(n.raised))
        table.add_row(name, *row)
    console.print(
        f"{report.looked_at}/{report.frames} 帧 frames, {report.rate:.2f}/{report.fps:g} fps"
    )
    console.print(table)
    console.print(
        f"MOTA {scores.mota:.3f}  IDF1 {scores.idf1:.3f}  "
        f"换号 identity switches {scores.identity_switches}"
    )
    for settle in report.settle_s:
        console.print(_rule(settle))


def _rule(settle: float) -> str:
    """What counts as a crossing."""
    if not settle:
        return "每次越线都计 · every crossing of a line counts"
    time = format_duration(settle)
    return f"越线后 {time} 内折返不计 · a crossing undone within {time} does not count"
