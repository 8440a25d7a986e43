"""Find faces, to blur them: BlazeFace full range on OpenVINO, over the picture in tiles.

The model looks at 192 x 192 pixels and finds faces from about 14 of them on, so a picture is shown
to it whole, in tiles of 512 and in tiles of 256 pixels: faces from about 19 pixels up to the whole
picture. Nothing is recognised: a face is a box and nothing else.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.detectors import runtime
from edge_agent.detectors.letterbox import letterbox
from edge_agent.detectors.runtime import ModelError
from edge_agent.types import Image
from linli_models import FetchError, cache_folder, locate

TILES = (512, 256)
OVERLAP = 0.25
"""Of a tile with the next one: a face that a border cuts lies whole in another tile or scale."""
CELLS = 48
"""The model's grid: 192 pixels at stride 4, one anchor a cell (MediaPipe's full-range graph)."""
NMS_IOU = 0.3
TURNED = 0.5
"""How sure a face in a turned picture must be."""
Boxes = NDArray[np.float32]


class FaceFinder:
    """Finds faces; one caller at a time."""

    def __init__(self, compiled: Any, confidence: float) -> None:
        self._request = compiled.create_infer_request()
        _, height, width, _ = compiled.input(0).shape
        self._side = int(width)
        if (height, width) != (4 * CELLS, 4 * CELLS):
            raise ModelError(f"face: expected an input of 192 x 192, found {width} x {height}")
        self._boxes, self._scores = _outputs(compiled)
        # the model gives logits
        self._least = float(np.log(confidence / (1 - confidence)))
        self._anchors = _anchors()

    def find(self, image: Image) -> Boxes:
        """(N, 4) boxes x1, y1, x2, y2 in pixels of ``image``, cut at its edges.

        Raises:
            ModelError: the model does not run.
        """
        return _apart(*self._all(image))

    def find_turned(self, image: Image) -> Boxes:
        """As :meth:`find`, for faces of people who lie: sideways or upside down.

        The model was not trained on the world turned round, and takes a dog's paw for a face: only
        what it sees at least twice, in neighbouring cells or tiles, and well, is taken.
        """
        height, width = image.shape[:2]
        kept = [np.empty((0, 4), np.float32)]
        for quarters in (1, 2, 3):
            boxes, scores = self._all(np.ascontiguousarray(np.rot90(image, quarters)))
            sure = scores >= TURNED
            boxes, scores = boxes[sure], scores[sure]
            twice = (_overlaps(boxes) > NMS_IOU).sum(axis=1) >= 2
            kept.append(_turned_back(_apart(boxes[twice], scores[twice]), quarters, width, height))
        return np.concatenate(kept)

    def _all(self, image: Image) -> tuple[Boxes, NDArray[np.float32]]:
        found = [self._look(image[y1:y2, x1:x2], x1, y1) for x1, y1, x2, y2 in tiles(image)]
        boxes = np.concatenate([boxes for boxes, _ in found])
        return boxes, np.concatenate([scores for _, scores in found])

    def _look(self, tile: Image, left: int, top: int) -> tuple[Boxes, NDArray[np.float32]]:
        picture, fit = letterbox(tile, self._side, self._side, fill=0)
        try:
            self._request.infer([picture[np.newaxis]])
        except RuntimeError as error:
            raise ModelError(f"face: {runtime.first_line(error)}") from None
        logits = self._request.get_output_tensor(self._scores).data[0, :, 0]
        kept = np.flatnonzero(logits >= self._least)
        raw = self._request.get_output_tensor(self._boxes).data[0, kept, :4]
        centre, half = raw[:, :2] + self._anchors[kept], raw[:, 2:] / 2
        boxes = fit.to_frame(np.concatenate([centre - half, centre + half], axis=1))
        real = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        shift = np.array([left, top, left, top], np.float32)
        scores = 1 / (1 + np.exp(-np.clip(logits[kept][real], -80, 80)))
        return boxes[real] + shift, scores.astype(np.float32)


def _apart(boxes: Boxes, scores: NDArray[np.float32]) -> Boxes:
    """One box for each face: those that overlap a better one go."""
    if len(boxes) == 0:
        return boxes
    corner_size = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    stay = cv2.dnn.NMSBoxes(corner_size.tolist(), scores.tolist(), 0.0, NMS_IOU)
    return boxes[np.asarray(stay, np.intp).reshape(-1)]


def _overlaps(boxes: Boxes) -> Boxes:
    """(N, N) intersection over union of each with each."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    union = area[:, None] + area[None, :] - both
    return np.asarray(both / np.maximum(union, 1e-6), np.float32)


def _turned_back(boxes: Boxes, quarters: int, width: int, height: int) -> Boxes:
    """Boxes of ``np.rot90(image, quarters)`` in pixels of the ``width`` x ``height`` image."""
    x1, y1, x2, y2 = boxes.T
    sides = {
        1: (width - y2, x1, width - y1, x2),
        2: (width - x2, height - y2, width - x1, height - y1),
        3: (y1, height - x2, y2, height - x1),
    }[quarters]
    return np.stack(sides, axis=1).astype(np.float32)


def tiles(image: Image) -> Iterator[tuple[int, int, int, int]]:
    """The whole picture, then overlapping tiles of each scale smaller than it."""
    height, width = image.shape[:2]
    yield 0, 0, width, height
    for side in TILES:
        if side >= max(width, height):
            continue
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, min(left + side, width), min(top + side, height)


def _starts(length: int, side: int) -> list[int]:
    """Where tiles begin so that they cover ``length`` and overlap by at least OVERLAP."""
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - OVERLAP)))) + 1
    return [int(start) for start in np.linspace(0, length - side, count)]


def _anchors() -> NDArray[np.float32]:
    """(2304, 2) centres of the grid's cells in pixels of the input, row by row."""
    centres = (np.arange(CELLS, dtype=np.float32) + 0.5) * 4
    x, y = np.meshgrid(centres, centres)
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _outputs(compiled: Any) -> tuple[int, int]:
    """Which output holds boxes (1, 2304, 16) and which scores (1, 2304, 1)."""
    shapes = [tuple(output.shape) for output in compiled.outputs]
    boxes, scores = (1, CELLS * CELLS, 16), (1, CELLS * CELLS, 1)
    if sorted(shapes) != [scores, boxes]:
        raise ModelError(f"face: expected outputs {boxes} and {scores}, found {shapes}")
    return shapes.index(boxes), shapes.index(scores)


def open_faces(confidence: float, env: Mapping[str, str]) -> FaceFinder:
    """The catalogue's face model, loaded and tried once.

    Raises:
        ModelError: it is not here, is not what the catalogue says, or does not run.
    """
    try:
        file = locate("face", cache_folder(env), env).path
    except FetchError as error:
        raise ModelError(f"face: {error}") from None
    model = _with_preprocessing(runtime.read(file))
    finder = FaceFinder(
        runtime.compiled(model, "CPU", "latency", cache_folder(env) / "compiled"), confidence
    )
    finder.find(np.zeros((192, 192, 3), np.uint8))
    return finder


def _with_preprocessing(model: Any) -> Any:
    """8-bit BGR in; the model was trained on RGB from -1 to 1 (MediaPipe's full-range graph)."""
    ov = runtime.openvino()
    steps = ov.preprocess.PrePostProcessor(model)
    tensor = steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    tensor.set_color_format(ov.preprocess.ColorFormat.BGR)
    chain = steps.input().preprocess().convert_element_type(ov.Type.f32)
    chain.convert_color(ov.preprocess.ColorFormat.RGB).mean(127.5).scale(127.5)
    steps.input().model().set_layout(ov.Layout("NHWC"))
    return steps.build()
