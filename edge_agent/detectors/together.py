"""Several detectors on one camera: each frame goes to all, and what they see becomes one answer.

A thing that two of them see is one thing: the earlier detector's box stays, and a posture that
the later one knows is added to it. So the first should be the one with the tighter boxes.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge_agent.types import UNKNOWN_KIND, Detections, Frame

SAME_IOU = 0.3
"""Boxes of one label from two models that overlap so much are one thing: models draw boxes
loosely (person-fall on vtest: recall 0.64 at an IoU of 0.5, 0.95 at 0.3; docs/models.md)."""
COVERED = 0.5
"""A thing of unknown kind that lies in a known thing by this share of itself is that thing."""


class Looks(Protocol):
    """The part of a detector that a camera needs."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def submit(self, frame: Frame) -> "Future[Detections]": ...


class Together:
    """Several detectors as one; it owns none of them."""

    def __init__(self, detectors: Sequence[Looks]) -> None:
        self._detectors = tuple(detectors)
        self.labels = tuple(dict.fromkeys(name for one in detectors for name in one.labels))

    def submit(self, frame: Frame) -> "Future[Detections]":
        """Give ``frame`` to all. The future fails when one of theirs does."""
        futures = [detector.submit(frame) for detector in self._detectors]
        whole: Future[Detections] = Future()
        waiting, lock = len(futures), threading.Lock()

        def one_is_done(_: "Future[Detections]") -> None:
            nonlocal waiting
            with lock:
                waiting -= 1
                if waiting:
                    return
            _settle(whole, futures)

        for future in futures:
            future.add_done_callback(one_is_done)
        return whole


def _settle(whole: "Future[Detections]", parts: Sequence["Future[Detections]"]) -> None:
    try:
        whole.set_result(merged([part.result() for part in parts]))
    except Exception as error:  # noqa: BLE001 - whatever a detector raised belongs to the asker
        whole.set_exception(error)


def merged(parts: Sequence[Detections]) -> Detections:
    """What several detectors saw in one frame (at least one of them), each thing once."""
    whole = parts[0]
    for part in parts[1:]:
        whole = _joined(whole, part)
    return _without_covered(whole)


def _joined(first: Detections, second: Detections) -> Detections:
    pairs = _same(first, second)
    postures = [first.posture(row) for row in range(len(first))]
    for mine, other in pairs:
        postures[mine] = postures[mine] or second.posture(other)
    known = {other for _, other in pairs}
    new = [row for row in range(len(second)) if row not in known]
    postures += [second.posture(row) for row in new]
    return Detections(
        np.concatenate([first.boxes.reshape(-1, 4), second.boxes.reshape(-1, 4)[new]]),
        np.concatenate([first.scores, second.scores[new]]),
        (*first.labels, *(second.labels[row] for row in new)),
        first.size,
        tuple(postures) if any(postures) else (),
    )


def _same(first: Detections, second: Detections) -> list[tuple[int, int]]:
    """Rows that are one thing, each row once, the greatest overlap first."""
    overlap = iou(first.boxes, second.boxes)
    pairs: list[tuple[int, int]] = []
    for flat in np.argsort(-overlap, axis=None, kind="stable"):
        mine, other = (int(n) for n in np.unravel_index(flat, overlap.shape))
        if overlap[mine, other] < SAME_IOU:
            break
        taken = any(mine == a or other == b for a, b in pairs)
        if not taken and first.labels[mine] == second.labels[other]:
            pairs.append((mine, other))
    return pairs


def _without_covered(found: Detections) -> Detections:
    unknown = np.array([label == UNKNOWN_KIND for label in found.labels], bool)
    if not unknown.any():
        return found
    boxes = found.boxes.reshape(-1, 4)
    share = _intersections(boxes, boxes[~unknown]) / np.maximum(_areas(boxes), 1e-6)[:, None]
    covered = unknown & (share.max(axis=1, initial=0.0) >= COVERED)
    rows = [int(row) for row in np.flatnonzero(~covered)]
    return Detections(
        boxes[rows],
        found.scores[rows],
        tuple(found.labels[row] for row in rows),
        found.size,
        tuple(found.posture(row) for row in rows) if found.postures else (),
    )


def iou(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of (N, 4) and (M, 4) boxes x1, y1, x2, y2: (N, M)."""
    one, other = one.reshape(-1, 4), other.reshape(-1, 4)
    both = _intersections(one, other)
    either = _areas(one)[:, None] + _areas(other)[None] - both
    share: NDArray[np.float32] = both / np.maximum(either, 1e-6)
    return share


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    sizes: NDArray[np.float32] = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    areas: NDArray[np.float32] = sizes[:, 0] * sizes[:, 1]
    return areas


def _intersections(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    sizes: NDArray[np.float32] = np.maximum(high - low, 0)
    both: NDArray[np.float32] = sizes[..., 0] * sizes[..., 1]
    return both
