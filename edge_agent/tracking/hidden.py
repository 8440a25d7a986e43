"""Who covers whom. Boxes are pixels (x1, y1, x2, y2); lower in the picture is nearer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_COVERED = 0.3
"""Share of a box behind another from which the detector may see one of them only."""
_DEEPER = 0.1
"""Share of a box's height by which its foot may be lower and it is still the one behind."""


def shares(boxes: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, M): share 0-1 of each of ``boxes`` (N, 4) that each of ``others`` (M, 4) covers."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return np.asarray(both / np.maximum(area, 1e-9)[:, None], dtype=np.float64)


def covered(boxes: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,): the largest share of each box that one other of them covers."""
    boxes = boxes.reshape(-1, 4)
    among = shares(boxes, boxes)
    np.fill_diagonal(among, 0.0)
    return np.asarray(among.max(axis=1, initial=0.0), dtype=np.float64)


def behind(boxes: NDArray[np.float64], unseen: Sequence[int], seen: Sequence[int]) -> list[int]:
    """Which of the ``unseen`` rows of ``boxes`` stand behind one of the ``seen``."""
    if not unseen or not seen:
        return []
    mine, theirs = boxes[list(unseen)], boxes[list(seen)]
    height = mine[:, 3] - mine[:, 1]
    deeper = theirs[None, :, 3] > (mine[:, 3] - _DEEPER * height)[:, None]
    hidden = (shares(mine, theirs) * deeper).max(axis=1) >= _COVERED
    return [row for row, yes in zip(unseen, hidden, strict=True) if yes]
