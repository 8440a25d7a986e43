"""OpenVINO, by the door that keeps it quiet: models are read and compiled here."""

from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from linli_models import quiet


class ModelError(Exception):
    """A model that cannot be loaded or run; its camera is red until it can.

    ``code`` is what health reports.
    """

    code = "model_failed"


@lru_cache(maxsize=1)
def openvino() -> ModuleType:
    """The ``openvino`` module, with telemetry off.

    Raises:
        ModelError: it is not installed.
    """
    try:
        return quiet.openvino()
    except ImportError as error:
        raise ModelError(f"openvino: {error} (pip install 'linli[edge]')") from None


@lru_cache(maxsize=1)
def core() -> Any:  # openvino ships no types
    """The process's one ``openvino.Core``: a second one would load every device plug-in again."""
    return openvino().Core()


def read(file: Path) -> Any:
    """The model in ``file`` (.xml, .onnx or .tflite).

    Raises:
        ModelError: it cannot be read.
    """
    if not file.is_file():
        raise ModelError(f"model: expected a file, found nothing at {file}")
    try:
        return core().read_model(file)
    except RuntimeError as error:
        raise ModelError(f"model: {file} cannot be read: {first_line(error)}") from None


def compiled(model: Any, device: str, hint: str, cache: Path | None) -> Any:
    """``model`` compiled for ``device``; ``cache`` keeps what the compiler made.

    Raises:
        ModelError: this machine has no such device, or the device refuses the model.
    """
    if device not in ("CPU", "AUTO"):
        _check_device(device)
    settings = {"PERFORMANCE_HINT": hint.upper()}
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        settings["CACHE_DIR"] = str(cache)
    try:
        return core().compile_model(model, device, settings)
    except RuntimeError as error:
        raise ModelError(f"model: {device} refuses it: {first_line(error)}") from None


def _check_device(device: str) -> None:
    """Asking loads every device's plug-in (about 25 MB), so only who wants another device asks.

    Raises:
        ModelError: there is none of that kind.
    """
    known = core().available_devices
    if device not in {name.partition(".")[0] for name in known}:
        raise ModelError(f"device: expected one of {', '.join([*known, 'AUTO'])}, found {device}")


def first_line(error: Exception) -> str:
    """OpenVINO's errors carry a stack of source lines; the last one says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
