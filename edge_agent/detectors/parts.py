"""What was seen in a frame and in parts of it, as one answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.yolo import apart
from edge_agent.types import Detections

BORDER = 3.0
"""Pixels of a part's edge within which a box is cut by it: the whole thing is seen elsewhere."""
INSIDE = 0.7
"""A box that lies in another of its label by this share of itself is a piece of it."""


def with_parts(
    whole: Detections, parts: Sequence[tuple[tuple[int, int], Detections]]
) -> tuple[Detections, list[int]]:
    """``whole`` with what only the parts show.

    Args:
        parts: where each begins in the frame (left, top), and what was seen in it.

    Returns:
        Both together, of boxes of one label that overlap the surest; and the rows that a part
        gave.
    """
    if not parts:
        return whole, []
    pieces = [_in_frame(found, left, top, whole.size) for (left, top), found in parts]
    boxes = np.concatenate([whole.boxes.reshape(-1, 4), *(boxes for boxes, _ in pieces)])
    rows = [(whole, row) for row in range(len(whole))]
    for (_, found), (_, kept) in zip(parts, pieces, strict=True):
        rows += [(found, row) for row in kept]
    scores = np.array([found.scores[row] for found, row in rows], np.float32)
    labels = [found.labels[row] for found, row in rows]
    # pieces go first: a sure one must not take the place of what it is a piece of
    things = [
        i for i in range(len(rows)) if i < len(whole) or not _piece(i, boxes, labels, len(whole))
    ]
    stay = apart(boxes[things], scores[things], [labels[i] for i in things])
    single = sorted(things[i] for i in stay)
    postures = tuple(rows[i][0].posture(rows[i][1]) for i in single)
    merged = Detections(
        boxes[single],
        scores[single],
        tuple(labels[i] for i in single),
        whole.size,
        postures if any(postures) else (),
    )
    return merged, [row for row, i in enumerate(single) if i >= len(whole)]


def _in_frame(
    found: Detections, left: int, top: int, size: tuple[int, int]
) -> tuple[NDArray[np.float32], list[int]]:
    """The boxes of a part in pixels of the frame, without those that its edge cuts; their rows."""
    boxes = found.boxes.reshape(-1, 4)
    wide, tall = found.size
    cut = np.zeros(len(boxes), bool)
    if left > 0:
        cut |= boxes[:, 0] <= BORDER
    if top > 0:
        cut |= boxes[:, 1] <= BORDER
    if left + wide < size[0]:
        cut |= boxes[:, 2] >= wide - BORDER
    if top + tall < size[1]:
        cut |= boxes[:, 3] >= tall - BORDER
    kept = [int(row) for row in np.flatnonzero(~cut)]
    shift = np.array([left, top, left, top], np.float32)
    return boxes[kept] + shift, kept


def _piece(row: int, boxes: NDArray[np.float32], labels: Sequence[str], whole: int) -> bool:
    """Whether the part's box ``row`` is a piece of something that the whole frame showed."""
    x1, y1, x2, y2 = boxes[row]
    area = max((x2 - x1) * (y2 - y1), 1e-6)
    for other in range(whole):
        a1, b1, a2, b2 = boxes[other]
        both = max(0.0, min(x2, a2) - max(x1, a1)) * max(0.0, min(y2, b2) - max(y1, b1))
        larger = (a2 - a1) * (b2 - b1) > 2 * area
        if labels[other] == labels[row] and larger and both / area >= INSIDE:
            return True
    return False
