"""Which file a detector's settings mean, and what its outputs mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge_agent.detectors.runtime import ModelError
from edge_agent.detectors.settings import ModelSettings
from edge_agent.detectors.yolo import Head
from linli_models import FetchError, cache_folder, locate

INPUT = (640, 640)
"""Input of a model given by path whose own input is dynamic; width, height."""


@dataclass(frozen=True)
class Found:
    """A model to open."""

    path: Path
    head: Head
    size: tuple[int, int]
    """(width, height) of its input where the model leaves it open"""


def find(settings: ModelSettings, env: Mapping[str, str], kinds: tuple[str, ...]) -> Found:
    """The model of ``settings``.

    Args:
        kinds: suffixes of files that the detector opens.

    Raises:
        ModelError: it is not here, is not what the catalogue says, or is for another task.
    """
    if Path(settings.model).suffix in kinds:
        if not settings.classes:
            raise ModelError("classes: expected output index: label for a model given by path")
        head = Head.of(settings.classes, settings.min_confidence, settings.postures)
        return Found(Path(settings.model), head, INPUT)
    for field in ("classes", "postures"):
        if getattr(settings, field):
            raise ModelError(
                f"{field}: the catalogue has those of {settings.model}; remove the key"
            )
    try:
        found = locate(settings.model, cache_folder(env), env)
    except FetchError as error:
        raise ModelError(f"model: {error}") from None
    entry = found.entry
    if entry.task != "detect":
        raise ModelError(f"model: expected a detector, found {settings.model} for another task")
    head = Head.of(entry.classes, settings.min_confidence, entry.postures)
    return Found(found.path, head, entry.input or INPUT)
