"""What a YOLO model's output means: the (4 + classes, N) head of YOLOv8 and YOLO11."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors.letterbox import Fit
from edge_agent.detectors.runtime import ModelError
from edge_agent.types import Detections

NMS_IOU = 0.45
"""Boxes of one label that overlap more are one object (the value both models were tested with)."""
MOST = 300
"""Boxes looked at per frame, best first (ultralytics' max_det)."""


@dataclass(frozen=True)
class Head:
    """Which outputs of a model are which label."""

    rows: NDArray[np.intp]
    """Output rows to read, 4 + class index"""
    names: tuple[str, ...]
    """Linli label of each of them"""
    min_confidence: float
    postures: tuple[str, ...] = ()
    """Posture each of them means; empty: the model knows none"""

    @classmethod
    def of(
        cls,
        classes: Mapping[int, str],
        min_confidence: float,
        postures: Mapping[int, str] | None = None,
    ) -> "Head":
        """The head of a model whose class indices mean ``classes``, some of them a posture."""
        indices = sorted(classes)
        names = tuple(classes[index] for index in indices)
        known = tuple((postures or {}).get(index, "") for index in indices) if postures else ()
        return cls(np.array(indices, np.intp) + 4, names, min_confidence, known)

    def check(self, shape: tuple[int, ...]) -> None:
        """Nothing, where an output of ``shape`` can be read.

        Raises:
            ModelError: it is no (1, 4 + classes, N), or lacks a class.
        """
        least = int(self.rows.max()) + 1
        if len(shape) != 3 or shape[0] != 1 or not least <= shape[1] < shape[2]:
            raise ModelError(
                f"model: expected an output of shape (1, at least {least}, boxes), found {shape}"
            )

    def decode(self, output: NDArray[np.float32], fit: Fit) -> Detections:
        """Detections in pixels of the frame.

        Args:
            output: (1, 4 + classes, N); boxes are centre x, centre y, width, height in pixels of
                the input, scores 0-1.
            fit: how the frame lay in the input.
        """
        scores = output[0, self.rows]
        best = scores.max(axis=0)
        kept = np.flatnonzero(best >= self.min_confidence)
        kept = kept[np.argsort(-best[kept], kind="stable")[:MOST]]
        classes = scores[:, kept].argmax(axis=0)
        names = [self.names[index] for index in classes]
        boxes = fit.to_frame(_corners(output[0, :4, kept]))
        single = apart(boxes, best[kept], names)
        return Detections(
            boxes[single],
            best[kept][single].astype(np.float32),
            tuple(names[index] for index in single),
            fit.size,
            tuple(self.postures[classes[index]] for index in single) if self.postures else (),
        )


def _corners(centred: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 4) centre x, centre y, width, height → x1, y1, x2, y2."""
    half = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def apart(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], names: Sequence[str]
) -> list[int]:
    """Indices that stay: of boxes (N, 4) of one label that overlap, the best. Empty boxes go."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    real = np.flatnonzero((sizes > 0).all(axis=1))
    if len(real) == 0:
        return []
    # by Linli label, not by the model's class: two classes may mean the same thing
    groups = {name: number for number, name in enumerate(sorted(set(names)))}
    numbers = [groups[names[int(index)]] for index in real]
    corner_size = np.concatenate([boxes[:, :2], sizes], axis=1)[real]
    stay = cv2.dnn.NMSBoxesBatched(
        corner_size.tolist(), scores[real].tolist(), numbers, 0.0, NMS_IOU
    )
    return [int(real[index]) for index in np.asarray(stay, np.intp).reshape(-1)]
