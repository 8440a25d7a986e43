"""Making a model of 8-bit integers of one of floats: NNCF by its OpenVINO backend, no torch."""

import importlib.metadata
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linli_models import quiet

Tensor = NDArray[np.float32]
"""(1, 3, height, width), as the model takes it"""
_TOOLS = ("nncf", "openvino", "numpy")


class QuantiseError(Exception):
    """A model that cannot be quantised here; the text says why."""


def tools() -> dict[str, str]:
    """The versions of what quantises.

    Raises:
        QuantiseError: one is not installed.
    """
    try:
        return {name: importlib.metadata.version(name) for name in _TOOLS}
    except importlib.metadata.PackageNotFoundError as error:
        raise QuantiseError(
            f"{error.name} is not installed (pip install 'linli[quantize]')"
        ) from None


def input_size(source: Path, usual: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the model's input; ``usual`` where it leaves that open.

    Raises:
        QuantiseError: the model cannot be read.
    """
    shape = _read(source).input(0).partial_shape
    if shape.is_dynamic:
        return usual
    _, _, height, width = shape.to_shape()
    return int(width), int(height)


def quantise(source: Path, tensors: Sequence[Tensor], target: Path) -> None:
    """Write ``source`` (.xml or .onnx), quantised, to ``target`` (.xml, its .bin beside it).

    What turns the head's output into boxes stays as it is: box coordinates run to hundreds and
    scores to one, and eight bits for both would leave nothing of the scores.

    Args:
        tensors: what the ranges are learnt from; at least one.

    Raises:
        QuantiseError: NNCF is not installed, the model cannot be read, or is quantised already.
    """
    tools()
    openvino, nncf = quiet.openvino(), quiet.nncf()
    nncf.set_log_level(logging.ERROR)  # it names every operation it leaves alone
    model = _read(source)
    if any(op.get_type_name() == "FakeQuantize" for op in model.get_ops()):
        raise QuantiseError(f"{source} is quantised already")
    if model.input(0).partial_shape.is_dynamic:
        model.reshape(list(tensors[0].shape))
    made = nncf.quantize(
        model,
        nncf.Dataset(list(tensors)),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(tensors),
        ignored_scope=nncf.IgnoredScope(names=_behind_the_network(model), validate=False),
    )
    openvino.save_model(made, target, compress_to_fp16=False)


def _read(source: Path) -> Any:
    try:
        return quiet.openvino().Core().read_model(source)
    except RuntimeError as error:
        raise QuantiseError(f"{source} cannot be read: {error}") from None


def _behind_the_network(model: Any) -> list[str]:
    """Names of the operations from the last convolutions to the output."""
    names: list[str] = []
    waiting = [model.output(0).get_node().input_value(0).get_node()]
    seen = set()
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name in seen or node.get_type_name() in ("Convolution", "GroupConvolution", "MatMul"):
            continue
        seen.add(name)
        if node.get_type_name() not in ("Constant", "Parameter"):
            names.append(name)
        waiting += [value.get_node() for value in node.input_values()]
    return names
