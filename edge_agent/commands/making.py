"""``edge-agent models export`` and ``quantize``: models made here, with a record of how."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge_agent.detectors import ModelError
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.quantising import Figures, Gate, Order, run
from linli_models.exporting import ExportError, export
from linli_models.quantising import QuantiseError
from linli_settings import ConfigError
from linli_settings.errors import EXIT_CONFIG


class Format(StrEnum):
    """What an export can be."""

    ONNX = "onnx"
    OPENVINO = "openvino"
    ENGINE = "engine"


def quantize(
    model: Annotated[str, typer.Argument(help="name in the catalogue, or a .xml or .onnx file")],
    frames: Annotated[Path, typer.Option(help="a clip, or a folder of pictures", exists=True)],
    output: Annotated[Path, typer.Option(help="folder for the model and its record")],
    truth: Annotated[Path | None, typer.Option(help="of the clip, MOTChallenge form")] = None,
    person: Annotated[int, typer.Option(help="of a file: output index of person")] = 0,
    count: Annotated[int, typer.Option(min=20, help="frames at most")] = 200,
    every: Annotated[float, typer.Option(min=0.01, help="seconds between two frames")] = 1.0,
    agreement: Annotated[float, typer.Option(min=0, max=1, help="at least, without truth")] = 0.8,
    map_loss: Annotated[float, typer.Option(min=0, max=1, help="at most, with truth")] = 0.02,
) -> None:
    """量化为 8 位整数 · Make MODEL one of 8-bit integers; kept only where it is as good."""
    given: dict[str, object] = {"type": "openvino", "name": "quantize", "model": model}
    if Path(model).suffix:
        given["classes"] = {person: "person"}
    settings = OpenVinoSettings.model_validate(given)
    order = Order(settings, frames, output, truth, count, every, Gate(agreement, map_loss))
    try:
        figures = run(order, os.environ)
    except (ConfigError, ValueError) as error:
        raise _refused(str(error), EXIT_CONFIG) from None
    except (ModelError, QuantiseError) as error:
        raise _refused(str(error), 1) from None
    _say(figures, order)


def _say(figures: Figures, order: Order) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"一致性 agreement with the model before: {figures.agreement:.3f}")
    if figures.map_before is not None:
        console.print(f"mAP@0.5: {figures.map_before:.3f} → {figures.map_after:.3f}")
    if not figures.passes(order.gate):
        gate = (
            f"agreement >= {order.gate.agreement:g}"
            if figures.map_before is None
            else f"mAP loss <= {order.gate.map_loss:g}"
        )
        raise _refused(f"未通过，未保存 · under the gate ({gate}): nothing was kept", 1)
    console.print(f"✓ {order.output / 'model.xml'}", markup=False)


def export_(
    weights: Annotated[Path, typer.Argument(help=".pt file of your own", exists=True)],
    output: Annotated[Path, typer.Option(help="folder for the model and its record")],
    format_: Annotated[Format, typer.Option("--format", case_sensitive=False)] = Format.ONNX,
    size: Annotated[int, typer.Option(min=32, help="width and height of the input")] = 640,
    half: Annotated[bool, typer.Option(help="FP16")] = False,
) -> None:
    """导出模型 · Export WEIGHTS by ultralytics; an engine only on the device that will run it."""
    try:
        made = export(weights, output, format_, size, half)
    except ExportError as error:
        raise _refused(str(error), 1) from None
    Console(soft_wrap=True, highlight=False).print(f"✓ {made}", markup=False)


def _refused(text: str, code: int) -> typer.Exit:
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"✗ {text}", markup=False)
    return typer.Exit(code)
