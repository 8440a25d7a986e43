"""What colours a thing has: tells who is who when two have crossed.

Two histograms of a box's middle, upper and lower half apart (a jacket, the trousers), in CIELAB.
They live in memory for as long as a track does and never leave it. Likeness is the Bhattacharyya
coefficient: 1 for the same colours, 0 for none in common.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.types import Detections, Image

BINS = 4
"""Per channel: coarse, so that light may change a little."""
SIZE = 2 * BINS**3
_HALVES = ((0.12, 0.5), (0.5, 0.9))
"""Shares of a box's height: below the head, above the ground."""
_MIDDLE = (0.25, 0.75)
"""Shares of its width: beside it is background."""
_CHROMA = (104, 12)
"""Where the bins of the two colour channels begin (128 is grey) and how wide they are: clothes
outdoors are seldom more colourful than ±24."""


def with_looks(detections: Detections, image: Image) -> Detections:
    """``detections`` with the look of each box in the frame ``image``."""
    looks = np.zeros((len(detections), SIZE), np.float32)
    for row, box in enumerate(detections.boxes):
        looks[row] = _look(image, box)
    return replace(detections, looks=looks)


def _look(image: Image, box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Square roots of both histograms, so that likeness is a dot product; zeros where the box
    holds no pixel."""
    x1, y1, x2, y2 = (float(value) for value in box)
    left, right = (x1 + share * (x2 - x1) for share in _MIDDLE)
    halves = [
        _histogram(_cut(image, left, y1 + a * (y2 - y1), right, y1 + b * (y2 - y1)))
        for a, b in _HALVES
    ]
    return np.sqrt(np.concatenate(halves) / len(_HALVES), dtype=np.float32)


def _cut(image: Image, x1: float, y1: float, x2: float, y2: float) -> Image:
    left, top = max(0, int(x1)), max(0, int(y1))
    return image[top : max(top, int(np.ceil(y2))), left : max(left, int(np.ceil(x2)))]


def _histogram(part: Image) -> NDArray[np.float64]:
    """Sums to 1."""
    if part.size == 0:
        return np.zeros(BINS**3)
    lab = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(int)
    begin, width = _CHROMA
    light = lab[:, 0] * BINS // 256
    a, b = (np.clip((lab[:, i] - begin) // width, 0, BINS - 1) for i in (1, 2))
    counts = np.bincount((light * BINS + a) * BINS + b, minlength=BINS**3)
    return np.asarray(counts / counts.sum(), dtype=np.float64)
