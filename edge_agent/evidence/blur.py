"""Make parts of a picture unreadable: where faces and heads are, coarse and soft.

A blurred part keeps CELLS grey values along its shorter side; what they average over is gone, so
no filter brings it back.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.types import Detections, Image

CELLS = 2
"""Grey values along the shorter side of a blurred part. With 3 or more, the middle one is skin
between hair and background, and other face detectors still find a face there; so they do in skin
colours and in full contrast (tests/edge_agent/evidence/test_faces_are_gone.py)."""
HEAD_OF_HEIGHT = 0.30
"""A standing person's head is 1/7 to 1/8 of the height; a loose box and a bent neck need twice."""
HEAD_OF_WIDTH = 0.60
"""Of a person seen close or sitting, where the box's height says little."""
Region = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels"""


def heads(detections: Detections, width: int, height: int) -> list[Region]:
    """Where the heads of all persons may be, in a picture of ``width`` x ``height``.

    Upright: the upper part of the box. A box wider than tall is a person lying or bent, whose
    head may be at either end: all of it.
    """
    x_scale, y_scale = width / detections.size[0], height / detections.size[1]
    scale = np.array([x_scale, y_scale, x_scale, y_scale])
    return [
        _within(_head(*(box * scale)), width, height)
        for box, label in zip(detections.boxes, detections.labels, strict=True)
        if label == "person"
    ]


def _head(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
    wide, tall = x2 - x1, y2 - y1
    head = tall if wide >= tall else min(tall, max(HEAD_OF_HEIGHT * tall, HEAD_OF_WIDTH * wide))
    return x1 - 0.1 * wide, y1 - 0.25 * head, x2 + 0.1 * wide, y1 + head


def around_faces(faces: NDArray[np.float32], width: int, height: int) -> list[Region]:
    """Faces with hair, ears and chin: the model's box holds eyebrows to chin."""
    sizes = faces[:, 2:] - faces[:, :2]
    grown = np.concatenate(
        [faces[:, :2] - sizes * (0.35, 0.5), faces[:, 2:] + sizes * (0.35, 0.3)], axis=1
    )
    return [_within(tuple(row), width, height) for row in grown]


def _within(box: Sequence[float], width: int, height: int) -> Region:
    x1, y1 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    return x1, y1, max(x1, x2), max(y1, y2)


def blur(image: Image, regions: Iterable[Region]) -> None:
    """Make ``regions`` unreadable, in place: averaged to few grey cells, then softened."""
    for x1, y1, x2, y2 in regions:
        part = image[y1:y2, x1:x2]
        if part.size == 0:
            continue
        tall, wide = part.shape[:2]
        cell = max(1.0, min(tall, wide) / CELLS)
        grid = max(1, round(wide / cell)), max(1, round(tall / cell))
        cells = cv2.resize(part, grid, interpolation=cv2.INTER_AREA).mean(axis=2)
        flat = ((cells + cells.mean()) / 2).astype(np.float32)
        smooth = cv2.resize(flat, (wide, tall), interpolation=cv2.INTER_LINEAR)
        soft = cv2.GaussianBlur(smooth, (0, 0), sigmaX=cell / 2)
        image[y1:y2, x1:x2] = np.rint(soft)[:, :, np.newaxis]
