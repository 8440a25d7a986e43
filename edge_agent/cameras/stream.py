"""An open stream, as OpenCV reads it."""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import cv2
import numpy as np

from edge_agent.types import Image


@dataclass(frozen=True)
class Captured:
    """One step of a stream."""

    image: Image | None
    """None: it could not be decoded"""
    mono: float
    """capture time in monotonic seconds"""


class Stream(Protocol):
    """An open stream; used by one thread."""

    def read(self) -> Captured | None:
        """The next frame; None at the end.

        Raises:
            CameraError: the stream broke off.
        """

    def close(self) -> None: ...


Opener = Callable[[threading.Event], Stream]
"""Opens the stream; raises CameraError. The event says that it is to stop: whoever waits, waits
on it."""

# The decoder takes its options from the environment, which the whole process shares.
_opening = threading.Lock()


def open_capture(address: Path | str, params: list[int], options: str = "") -> cv2.VideoCapture:
    """OpenCV's reader with its own logs silent: they would show addresses with credentials.

    Args:
        address: file or URL.
        params: OpenCV's property ids and values in turn.
        options: FFmpeg options as ``name;value|name;value``.
    """
    with _opening:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"  # AV_LOG_QUIET
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = options
        return cv2.VideoCapture(str(address), cv2.CAP_FFMPEG, params)


def retrieve(capture: cv2.VideoCapture) -> Image | None:
    """The frame that was grabbed as BGR (height, width, 3); None if it cannot be decoded."""
    try:
        ok, image = capture.retrieve()
    except cv2.error as error:
        logging.getLogger(__name__).debug("frame cannot be decoded: %s", error)
        return None
    usable = ok and image is not None and image.ndim == 3 and image.dtype == np.uint8
    return cast(Image, image) if usable else None
