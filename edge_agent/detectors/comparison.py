"""Is a detector as good as another: agreement with it, and average precision against a truth."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.together import iou
from edge_agent.types import Detections

SAME_IOU = 0.5
Boxes = NDArray[np.float32]
"""(N, 4) x1, y1, x2, y2 in pixels"""


def agreement(first: Sequence[Detections], second: Sequence[Detections]) -> float:
    """Share of the boxes of both that have a partner: an overlap of 0.5 and the same label.

    Both looked at the same frames. 1 where neither saw anything; it says nothing of who is right.
    """
    boxes = sum(len(found) for found in (*first, *second))
    pairs = sum(_pairs(one, other) for one, other in zip(first, second, strict=True))
    return 2 * pairs / boxes if boxes else 1.0


def _pairs(one: Detections, other: Detections) -> int:
    overlap = iou(one.boxes, other.boxes)
    same = np.array([[a == b for b in other.labels] for a in one.labels], bool)
    overlap = np.where(same.reshape(overlap.shape), overlap, 0.0)
    count = 0
    while overlap.size and overlap.max() >= SAME_IOU:
        row, column = np.unravel_index(overlap.argmax(), overlap.shape)
        overlap[row, :] = overlap[:, column] = 0.0
        count += 1
    return count


def average_precision(
    found: Sequence[Detections], truth: Sequence[Boxes], label: str = "person"
) -> float:
    """Area under precision over recall at an overlap of 0.5, all points (PASCAL VOC 2010 on).

    Args:
        truth: the boxes of ``label`` in each of the frames; at least one in all.
    """
    rows = [
        (float(found_.scores[row]), frame, row)
        for frame, found_ in enumerate(found)
        for row in range(len(found_))
        if found_.labels[row] == label
    ]
    taken: list[set[int]] = [set() for _ in truth]
    right = np.zeros(len(rows))
    for number, (_, frame, row) in enumerate(sorted(rows, key=lambda row: -row[0])):
        overlap = iou(found[frame].boxes[row : row + 1], truth[frame]).reshape(-1)
        best = int(overlap.argmax()) if overlap.size else -1
        if best >= 0 and overlap[best] >= SAME_IOU and best not in taken[frame]:
            taken[frame].add(best)
            right[number] = 1
    return _area(right, sum(len(boxes) for boxes in truth))


def _area(right: NDArray[np.float64], due: int) -> float:
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(hits / due, prepend=0.0)
    return float((steps * envelope).sum())
