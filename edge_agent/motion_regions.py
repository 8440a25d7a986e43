"""Regions around motion: parts of a frame that are looked at closely, for what is small.

A detector looks at the whole frame shrunk to its input, where somebody far away is a few pixels
high. A part of the frame, cut out at full resolution, shows him several times larger. What moves
and is not explained by what the whole frame showed is worth such a look; so is the place of
something small that was found by one, as long as it is found there.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge_agent.cameras.settings import RegionSettings
from edge_agent.motion import around, overlap
from edge_agent.motion_background import Background
from edge_agent.polygons import Point
from edge_agent.scheduler import Detector
from edge_agent.types import Detections, Frame
from linli_contract.payloads import Box

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
        self._background = Background(settings.difference)
        self._time: datetime | None = None
        self._turn = 0  # not a frame's index: a decoder that is replaced counts anew
        self._moving: list[Box] = []
        self._small: list[Box] = []
        self._looked: dict[tuple[int, int], int] = {}  # bounded: cells of a grid
        self.watch(zones)

    def watch(self, zones: Sequence[Sequence[Point]]) -> None:
        """Other zones from now on."""
        self._zones = [around(zone) for zone in zones]

    def stirs(self, frame: Frame) -> bool:
        """Whether something moves in ``frame`` that may be small."""
        if frame.time != self._time:
            self._time = frame.time
            self._moving = [box for box in self._background.moving(frame) if self._counts(box)]
        return bool(self._moving)

    def parts(self, frame: Frame, seen: Detections) -> list[Part]:
        """Where to look closely, at most ``most`` parts; those that were not looked at for longest
        come first.

        Args:
            seen: what the whole frame showed; motion there needs no explanation.
        """
        self.stirs(frame)
        self._turn += 1
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
                self._looked[_cell(box)] = self._turn
        for box in places:
            if any(_holds(part, box, frame) for part in chosen):
                self._looked[_cell(box)] = self._turn
        return chosen

    def found(self, boxes: NDArray[np.float32], frame: Frame) -> None:
        """What the closer looks at ``frame`` added, (N, 4) pixels."""
        self._small = _fractions(boxes, frame.size)

    def _last_look(self, box: Box) -> tuple[int, float]:
        return self._looked.get(_cell(box), -1), -(box[2] - box[0]) * (box[3] - box[1])

    def _counts(self, box: Box) -> bool:
        return not self._zones or any(overlap(box, zone) for zone in self._zones)


def part_of(frame: Frame, part: Part) -> Frame:
    """The part of ``frame``, at full resolution, as a frame of its own."""
    x1, y1, x2, y2 = part
    return replace(frame, image=np.ascontiguousarray(frame.image[y1:y2, x1:x2]), small=None)


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
