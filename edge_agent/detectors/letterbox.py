"""Fit a frame into a model's input without distorting it, and bring boxes back.

This step stays outside the compiled model: frames come in every size, and a resize inside the
graph would need one compiled model per size or dynamic shapes. OpenCV scales 8-bit pixels in
about a millisecond; colour order, type, scale and layout are compiled in.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.types import Image

GREY = 114
"""The filling YOLO models were trained with (ultralytics LetterBox)."""


@dataclass(frozen=True)
class Fit:
    """How a frame lies in the input: input = frame * scale + (left, top), in pixels."""

    scale: float
    left: int
    top: int
    size: tuple[int, int]
    """(width, height) of the frame in pixels"""

    def to_frame(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 4) boxes x1, y1, x2, y2 of the input as boxes of the frame, cut at its edges."""
        shift = np.array([self.left, self.top] * 2, np.float32)
        limit = np.array(self.size * 2, np.float32)
        moved: NDArray[np.float32] = np.clip((boxes - shift) / self.scale, 0, limit)
        return moved.astype(np.float32)


def letterbox(image: Image, width: int, height: int, fill: int = GREY) -> tuple[Image, Fit]:
    """``image`` centred in a (height, width, 3) picture filled with ``fill``."""
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    small = image if size == (columns, rows) else cv2.resize(image, size, interpolation=how)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    out = np.full((height, width, 3), fill, np.uint8)
    out[top : top + size[1], left : left + size[0]] = small
    return out, Fit(scale, left, top, (columns, rows))
