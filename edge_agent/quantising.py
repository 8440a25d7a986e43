"""Quantise a detector's model, judge it on frames it did not learn from, and keep it or not."""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from edge_agent.cameras import CameraError
from edge_agent.detectors import open_detector
from edge_agent.detectors.comparison import Boxes, agreement, average_precision
from edge_agent.detectors.finding import Found, find
from edge_agent.detectors.letterbox import letterbox
from edge_agent.detectors.openvino_detector import KINDS
from edge_agent.detectors.settings import OpenVinoSettings
from edge_agent.evaluate.clip import open_clip
from edge_agent.evaluate.truth import Truth, read_truth
from edge_agent.types import Detections, Frame
from linli_models.files import place, sha256_of
from linli_models.quantising import Tensor, input_size, quantise, tools

WEAKEST = 0.01
"""Average precision looks at weak boxes too."""
LEAST_FRAMES = 20
PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Gate:
    """What a quantised model must keep."""

    agreement: float = 0.8
    """with the model it was made of; used where there is no truth"""
    map_loss: float = 0.02
    """mAP at 0.5 that it may lose; used where there is truth"""


@dataclass(frozen=True)
class Figures:
    """How the quantised model did, on frames it was not calibrated with."""

    agreement: float
    map_before: float | None = None
    map_after: float | None = None

    def passes(self, gate: Gate) -> bool:
        if self.map_before is None or self.map_after is None:
            return self.agreement >= gate.agreement
        return self.map_after >= self.map_before - gate.map_loss


@dataclass(frozen=True)
class Order:
    """What is to be done."""

    settings: OpenVinoSettings
    """of the model as it is"""
    frames: Path
    """a clip, or a folder of pictures"""
    output: Path
    """folder for the model and its record"""
    truth: Path | None = None
    """of the clip, in MOTChallenge form"""
    count: int = 200
    every: float = 1.0
    """seconds of the clip between two frames"""
    gate: Gate = Gate()


def run(order: Order, env: Mapping[str, str]) -> Figures:
    """Quantise, judge, and keep it where it passes. Every second frame calibrates, the
    others judge.

    Raises:
        ModelError: the model cannot be had or run.
        QuantiseError: NNCF is not here, or the model is quantised already.
        ConfigError: of the truth.
        ValueError: the frames cannot be read, or are too few.
    """
    versions = tools()
    found = find(order.settings, env, KINDS)
    frames, size = _frames(order)
    if len(frames) < LEAST_FRAMES:
        raise ValueError(f"frames: expected at least {LEAST_FRAMES}, found {len(frames)}")
    judged = frames[1::2]
    truth = read_truth(order.truth, size) if order.truth else None
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "model.xml"
        inside = input_size(found.path, found.size)
        quantise(found.path, [_tensor(frame, inside) for frame in frames[::2]], made)
        figures = _judge(order, made, found, judged, truth, env)
        if figures.passes(order.gate):
            _keep(order, made, _record(order, found, figures, versions, len(frames)))
    return figures


def _frames(order: Order) -> tuple[list[Frame], tuple[int, int]]:
    """Frames, and the size of the last."""
    if order.frames.is_dir():
        frames = list(islice(_pictures(order.frames), order.count))
    else:
        try:
            with open_clip(order.frames) as clip:
                frames = list(islice(clip.frames(1 / order.every), order.count))
        except CameraError as error:
            raise ValueError(f"frames: {error}") from None
    return frames, frames[-1].size if frames else (0, 0)


def _pictures(folder: Path) -> Iterator[Frame]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)
    for index, file in enumerate(files):
        image = cv2.imread(str(file))
        if image is None:
            raise ValueError(f"frames: {file} is no picture")
        yield Frame(file.stem, np.asarray(image, np.uint8), datetime(2000, 1, 1, tzinfo=UTC), index)


def _tensor(frame: Frame, inside: tuple[int, int]) -> Tensor:
    picture, _ = letterbox(frame.image, *inside)
    planes = picture[..., ::-1].transpose(2, 0, 1)[np.newaxis]
    return np.ascontiguousarray(planes, np.float32) / np.float32(255)


def _judge(
    order: Order,
    made: Path,
    found: Found,
    frames: Sequence[Frame],
    truth: Truth | None,
    env: Mapping[str, str],
) -> Figures:
    classes = {
        int(row) - 4: name for row, name in zip(found.head.rows, found.head.names, strict=True)
    }
    weak = {"min_confidence": WEAKEST, "cache": made.parent / "compiled"}
    before = _look(order.settings.model_copy(update=weak), frames, env)
    after = _look(
        order.settings.model_copy(
            update={**weak, "model": str(made), "classes": classes, "postures": {}}
        ),
        frames,
        env,
    )
    sure = order.settings.min_confidence
    agreed = agreement([_above(row, sure) for row in before], [_above(row, sure) for row in after])
    if truth is None:
        return Figures(agreed)
    due = [_boxes(truth, frame) for frame in frames]
    return Figures(agreed, average_precision(before, due), average_precision(after, due))


def _look(
    settings: OpenVinoSettings, frames: Sequence[Frame], env: Mapping[str, str]
) -> list[Detections]:
    detector = open_detector(settings, env)
    try:
        return [detector.submit(frame).result() for frame in frames]
    finally:
        detector.close()


def _above(found: Detections, confidence: float) -> Detections:
    rows = np.flatnonzero(found.scores >= confidence)
    labels = tuple(found.labels[row] for row in rows)
    return Detections(found.boxes[rows], found.scores[rows], labels, found.size)


def _boxes(truth: Truth, frame: Frame) -> Boxes:
    scale = np.array(frame.size * 2, np.float32)
    rows = [track.box for track in truth.at(frame.index)]
    return np.array(rows, np.float32).reshape(-1, 4) * scale


def _record(
    order: Order, found: Found, figures: Figures, versions: dict[str, str], frames: int
) -> dict[str, object]:
    return {
        "made_of": {"model": order.settings.model, "sha256": sha256_of(found.path)},
        "tools": versions,
        "frames": {
            "from": order.frames.name,
            "calibrated": (frames + 1) // 2,
            "judged": frames // 2,
        },
        "figures": asdict(figures),
        "gate": asdict(order.gate),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _keep(order: Order, made: Path, record: dict[str, object]) -> None:
    """The record last: a model without one was not kept whole."""
    note = made.with_name("record.json")
    hashes = {name: sha256_of(made.with_name(name)) for name in ("model.bin", "model.xml")}
    note.write_text(json.dumps({**record, "sha256": hashes}, indent=2) + "\n", encoding="utf-8")
    order.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=order.output) as folder:
        for file in (made.with_suffix(".bin"), made, note):
            near = Path(folder) / file.name
            near.write_bytes(file.read_bytes())
            place(near, order.output / file.name)
