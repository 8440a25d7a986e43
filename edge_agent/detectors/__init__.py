"""Detectors: Frame → Detections.

A detector is shared by cameras: ``submit`` may be called from any thread.
"""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Protocol

from edge_agent.detectors.runtime import ModelError
from edge_agent.detectors.settings import (
    DetectorSettings,
    OpenVinoSettings,
    UltralyticsSettings,
)
from edge_agent.types import Detections, Frame

__all__ = ["DETECTORS", "Detector", "DetectorSettings", "ModelError", "open_detector"]


class Detector(Protocol):
    """What finds objects in a frame."""

    labels: tuple[str, ...]
    """The Linli labels it can give."""
    requests: int
    """Frames that it works on at once."""

    def submit(self, frame: Frame) -> Future[Detections]:
        """Begin to look at ``frame``; waits while as many frames as it has requests are under way.

        The future gives boxes (x1, y1, x2, y2) in pixels of the frame, or raises ModelError.

        Raises:
            ModelError: the detector is closed.
        """
        ...

    def close(self) -> None:
        """Finish what is under way and let the device go. A second call does nothing."""
        ...


Factory = Callable[[DetectorSettings, Mapping[str, str]], Detector]


def _openvino(settings: DetectorSettings, env: Mapping[str, str]) -> Detector:
    from edge_agent.detectors.openvino_detector import open_openvino

    assert isinstance(settings, OpenVinoSettings)  # noqa: S101 - the table below goes by type
    return open_openvino(settings, env)


def _ultralytics(settings: DetectorSettings, env: Mapping[str, str]) -> Detector:
    from edge_agent.detectors.ultralytics_detector import open_ultralytics

    assert isinstance(settings, UltralyticsSettings)  # noqa: S101 - the table below goes by type
    return open_ultralytics(settings, env)


DETECTORS: dict[str, Factory] = {"openvino": _openvino, "ultralytics": _ultralytics}


def open_detector(settings: DetectorSettings, env: Mapping[str, str] = os.environ) -> Detector:
    """The detector that ``settings`` describe, loaded and tried once.

    Raises:
        ModelError: its model is not here, is not what the catalogue says, or does not run.
    """
    return DETECTORS[settings.type](settings, env)
