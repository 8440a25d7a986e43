"""What moves in a picture: what differs from a slow mean of it, however small."""

from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.types import Frame, Grey
from linli_contract.payloads import Box

WIDTH = 480
"""Of the picture in which motion is looked for, pixels."""
MEMORY_S = 5.0
"""Time constant of the mean: who stops is part of it after a few of these."""
LEAST = 3
"""Pixels of that picture that must have changed at a place; fewer are noise of the sensor."""


class Background:
    """One camera's.

    Args:
        difference: share of full brightness that is change.
    """

    def __init__(self, difference: float) -> None:
        self._difference = difference
        self._mean: NDArray[np.float32] | None = None
        self._time: datetime | None = None

    def moving(self, frame: Frame) -> list[Box]:
        """Boxes around what differs in ``frame``, fractions 0-1; none in the first one, and where
        the clock went back."""
        small = _small(frame)
        mean, last, self._time = self._mean, self._time, frame.time
        if mean is None or mean.shape != small.shape or last is None or frame.time < last:
            self._mean = small.astype(np.float32)
            return []
        changed = cv2.absdiff(small.astype(np.float32), mean)
        share = 1 - float(np.exp(-(frame.time - last).total_seconds() / MEMORY_S))
        cv2.accumulateWeighted(small, mean, share)
        return _blobs((changed > self._difference * 255).astype(np.uint8))


def _small(frame: Frame) -> Grey:
    width, height = frame.size
    size = min(width, WIDTH), max(1, round(height * min(width, WIDTH) / width))
    small = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _blobs(mask: NDArray[np.uint8]) -> list[Box]:
    """Boxes around what hangs together in ``mask``, fractions of its size."""
    rows, columns = mask.shape
    near = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    pixels = np.bincount(labels[mask > 0], minlength=count)
    found: list[Box] = []
    for blob in range(1, count):
        if pixels[blob] >= LEAST:
            x, y, wide, tall, _ = (int(value) for value in stats[blob])
            box = (x / columns, y / rows, (x + wide) / columns, (y + tall) / rows)
            found.append(box)
    return found
