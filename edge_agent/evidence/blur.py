"""Make parts of a picture unreadable: where faces and heads are, coarse and soft.

A blurred part keeps CELLS grey values along its shorter side; what they average over is gone, so
no filter brings it back.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.types import FALLEN, Detections, Image

CELLS = 2
"""Grey values along the shorter side of a blurred part. With 3 or more, the middle one is skin
between hair and background, and other face detectors still find a face there; so they do in skin
colours and in full contrast (tests/edge_agent/evidence/test_faces_are_gone.py)."""
HEAD_OF_HEIGHT = 0.30
"""A standing person's head is 1/7 to 1/8 of the height; a loose box and a bent neck need twice."""
HEAD_OF_WIDTH = 0.60
"""Of a person seen close or sitting, where the box's height says little."""
END_OF_LENGTH = 0.35
"""A lying person's head, at either end: 1/7 of the length, with arms above it, in a loose box."""
LYING = 1.5
"""Who lies is so many times longer than wide in the picture; less may be bent or seen close."""
CUT = 0.98
"""Of the frame's height: a box that reaches down to here may go on below."""
_Box = tuple[float, float, float, float]
Region = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels"""


def heads(detections: Detections, width: int, height: int) -> list[Region]:
    """Where the heads of all persons may be, in a picture of ``width`` x ``height``.

    Upright: the upper part of the box. Lying (a box wider than tall, or the detector's word):
    both ends, for the head may be at either. Bent, or lying where the frame's lower edge cuts
    the box (perhaps only head and shoulders, close up): all of it.
    """
    x_scale, y_scale = width / detections.size[0], height / detections.size[1]
    scale = np.array([x_scale, y_scale, x_scale, y_scale])
    return [
        _within(region, width, height)
        for row, (box, label) in enumerate(zip(detections.boxes, detections.labels, strict=True))
        if label == "person"
        for region in _heads((box * scale).tolist(), height, detections.posture(row) == FALLEN)
    ]


def _heads(box: Sequence[float], height: int, fallen: bool) -> list[_Box]:
    x1, y1, x2, y2 = box
    wide, tall = x2 - x1, y2 - y1
    left, right = x1 - 0.1 * wide, x2 + 0.1 * wide
    top, bottom = y1 - 0.25 * tall, y2 + 0.1 * tall
    if wide < tall and not fallen:
        head = min(tall, max(HEAD_OF_HEIGHT * tall, HEAD_OF_WIDTH * wide))
        return [(left, y1 - 0.25 * head, right, y1 + head)]
    if max(wide, tall) < LYING * min(wide, tall) or y2 >= CUT * height:
        return [(left, top, right, bottom)]
    if tall > wide:
        end = END_OF_LENGTH * tall
        return [(left, top, right, y1 + end), (left, y2 - end, right, bottom)]
    end = END_OF_LENGTH * wide
    return [(left, top, x1 + end, bottom), (x2 - end, top, right, bottom)]


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
