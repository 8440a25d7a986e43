"""Regions around motion: parts of a frame that are looked at closely, for what is small.

A detector looks at the whole frame shrunk to its input, where somebody far away is a few pixels
high. A part of the frame, cut out at full resolution, shows him several times larger. What moves
and is not explained by what the whole frame showed is worth such a look; so is the place of
something small that was found by one, as long as it is found there.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.cameras.settings import RegionSettings
from edge_agent.polygons import Point
from edge_agent.scheduler import Detector
from edge_agent.types import Detections, Frame, Grey
from linli_contract.payloads import Box

WIDTH = 480
"""Of the picture in which motion is looked for, pixels."""
MEMORY_S = 5.0
"""Time constant of the background: who stops is part of it after a few of these."""
LEAST = 3
"""Pixels of that picture that must have changed at a place; fewer are noise of the sensor."""
MARGIN = 0.05
"""Motion this near to a zone's outline (share of the frame) counts as in it."""
SURE = 0.4
"""Score from which behaviours count a box."""
Part = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels of the frame"""


class MotionRegions:
    """One camera's; for one thread.

    Args:
        zones: outlines of zones and lines; motion elsewhere is not looked at. Without any, all is.
        detector: what looks at the parts.
    """

    def __init__(
        self, settings: RegionSettings, zones: Sequence[Sequence[Point]], detector: Detector
    ) -> None:
        self._settings = settings
        self.detector = detector
        self._background: NDArray[np.float32] | None = None
        self._time: datetime | None = None
        self._index: int | None = None
        self._moving: list[Box] = []
        self._small: list[Box] = []
        self._looked: dict[tuple[int, int], int] = {}  # bounded: cells of a grid
        self.watch(zones)

    def watch(self, zones: Sequence[Sequence[Point]]) -> None:
        """Other zones from now on."""
        self._zones = [
            (
                min(x for x, _ in zone) - MARGIN,
                min(y for _, y in zone) - MARGIN,
                max(x for x, _ in zone) + MARGIN,
                max(y for _, y in zone) + MARGIN,
            )
            for zone in zones
        ]

    def stirs(self, frame: Frame) -> bool:
        """Whether something moves in ``frame`` that may be small."""
        if frame.index != self._index:
            self._index = frame.index
            self._moving = [box for box in self._motion(frame) if self._counts(box)]
        return bool(self._moving)

    def parts(self, frame: Frame, seen: Detections) -> list[Part]:
        """Where to look closely, at most ``most`` parts; those that were not looked at for longest
        come first.

        Args:
            seen: what the whole frame showed; motion there needs no explanation.
        """
        self.stirs(frame)
        width, height = frame.size
        known = _sure(seen)
        places = [box for box in self._moving if not _explained(box, known)]
        places += [box for box in self._small if not _explained(box, known)]
        side = max(width, height) // self._settings.zoom
        chosen: list[Part] = []
        for box in sorted(places, key=self._last_look):
            part = _around(box, min(side, width), min(side, height), (width, height))
            if len(chosen) < self._settings.most and not any(_holds(p, box, frame) for p in chosen):
                chosen.append(part)
                self._looked[_cell(box)] = frame.index
        for box in places:
            if any(_holds(part, box, frame) for part in chosen):
                self._looked[_cell(box)] = frame.index
        return chosen

    def found(self, boxes: NDArray[np.float32], frame: Frame) -> None:
        """What the closer looks at ``frame`` added, (N, 4) pixels."""
        self._small = _fractions(boxes, frame.size)

    def _last_look(self, box: Box) -> tuple[int, float]:
        return self._looked.get(_cell(box), -1), -(box[2] - box[0]) * (box[3] - box[1])

    def _counts(self, box: Box) -> bool:
        return not self._zones or any(_touch(box, zone) for zone in self._zones)

    def _motion(self, frame: Frame) -> list[Box]:
        """Boxes of what differs from the background, as fractions of the frame."""
        small = _small(frame)
        background, last = self._background, self._time
        self._time = frame.time
        if (
            background is None
            or background.shape != small.shape
            or last is None
            or frame.time < last
        ):
            self._background = small.astype(np.float32)
            return []
        changed = cv2.absdiff(small.astype(np.float32), background)
        mask = (changed > self._settings.difference * 255).astype(np.uint8)
        share = 1 - float(np.exp(-(frame.time - last).total_seconds() / MEMORY_S))
        cv2.accumulateWeighted(small, background, share)
        return _blobs(mask)


def part_of(frame: Frame, part: Part) -> Frame:
    """The part of ``frame``, at full resolution, as a frame of its own."""
    x1, y1, x2, y2 = part
    return replace(frame, image=np.ascontiguousarray(frame.image[y1:y2, x1:x2]), small=None)


def _small(frame: Frame) -> Grey:
    width, height = frame.size
    size = min(width, WIDTH), max(1, round(height * min(width, WIDTH) / width))
    small = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _blobs(mask: NDArray[np.uint8]) -> list[Box]:
    """Boxes around what hangs together in ``mask``, fractions of its size."""
    rows, columns = mask.shape
    near = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    pixels = np.bincount(labels[mask > 0], minlength=count)
    found: list[Box] = []
    for blob in range(1, count):
        if pixels[blob] >= LEAST:
            x, y, wide, tall, _ = (int(value) for value in stats[blob])
            box = (x / columns, y / rows, (x + wide) / columns, (y + tall) / rows)
            found.append(box)
    return found


def _sure(seen: Detections) -> list[Box]:
    """What counts by itself; a weak box is a reason to look closely."""
    return _fractions(seen.boxes[seen.scores >= SURE], seen.size)


def _fractions(boxes: NDArray[np.float32], size: tuple[int, int]) -> list[Box]:
    rows = (boxes.reshape(-1, 4) / np.array([*size, *size], np.float32)).tolist()
    return [(x1, y1, x2, y2) for x1, y1, x2, y2 in rows]


def _explained(box: Box, known: Sequence[Box]) -> bool:
    """Whether the middle of ``box`` lies in something that is known."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(one[0] <= x <= one[2] and one[1] <= y <= one[3] for one in known)


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _around(box: Box, wide: int, tall: int, size: tuple[int, int]) -> Part:
    """A part of ``wide`` x ``tall`` pixels with ``box`` in its middle, inside the frame."""
    left = round((box[0] + box[2]) / 2 * size[0] - wide / 2)
    top = round((box[1] + box[3]) / 2 * size[1] - tall / 2)
    left, top = min(max(0, left), size[0] - wide), min(max(0, top), size[1] - tall)
    return left, top, left + wide, top + tall


def _holds(part: Part, box: Box, frame: Frame) -> bool:
    """Whether ``box`` lies in ``part``."""
    width, height = frame.size
    return (
        box[0] * width >= part[0]
        and box[1] * height >= part[1]
        and box[2] * width <= part[2]
        and box[3] * height <= part[3]
    )


def _cell(box: Box) -> tuple[int, int]:
    return int((box[0] + box[2]) / 2 * 12), int((box[1] + box[3]) / 2 * 12)
