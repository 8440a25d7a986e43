"""Where something moves, for the eye: cells of a coarse grid that changed since the last look."""

import cv2
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 32, 18
CHANGED = 10.0
"""Mean difference of a cell in grey values: above the noise of a camera at night."""
Cells = list[tuple[int, int]]


class MotionMap:
    """Compares each small grey picture with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None

    def cells(self, small: NDArray[np.uint8]) -> Cells:
        """(column, row) of the cells of ``COLUMNS`` x ``ROWS`` that changed.

        Args:
            small: grey, (height, width).
        """
        size = (COLUMNS, ROWS)
        now = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.float32)
        last, self._last = self._last, now
        if last is None:
            return []
        rows, columns = np.nonzero(np.abs(now - last) > CHANGED)
        return [(int(c), int(r)) for r, c in zip(rows, columns, strict=True)]
