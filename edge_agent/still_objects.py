"""Things that were not there before and stand still, whatever they are: a bag no detector knows.

Two pictures are kept: the background, which follows slow changes of light only, and what was last
seen, with the time since when each pixel has not changed. What stands still and is not background
was put down, or is the place where something was taken away; there the edges around it are the
background's and the colour goes on from outside, so the background learns at once. (After Porikli,
Ivanov and Haga 2008, "Robust abandoned object detection using dual foregrounds", with per-pixel
times for its second background: cameras give 1 to 30 frames a second.)

What stands there at the start belongs to the background. One instance a camera; for one thread.
"""

from concurrent.futures import Future
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.types import UNKNOWN_KIND, Detections, Frame, Image

Picture = NDArray[np.float32]
"""(height, width, 3) levels 0-255"""
Mask = NDArray[np.bool_]

WIDTH = 320
"""Pixels across in which is looked: a bag of 5 % of the frame's height is 9 of them high."""
STILL_S = 2.0
"""Unchanged for so long it stands still."""
ABSORB_S = 4 * 3600.0
"""Unchanged for so long it belongs to the place."""
ADAPT_S = 20.0
"""Time constant with which the background follows the light."""
CHANGED = 24.0
"""Levels by which a colour must differ from the background: more than noise and soft shadows."""
FLICKER = 16.0
"""Levels by which a pixel that stands still may vary."""
LEAST, MOST = 0.001, 0.1
"""Share of the frame's area: smaller is noise, larger is no thing that a person carries."""
FLOODED = 0.5
"""When more than this share of the frame differs, the light or the view changed."""
FLOODED_S = 2.0
"""A view that changed for so long is learned anew."""
HOLE_S = 10.0
"""A hole seen as one for so long, without a break, is background."""
ITS_OWN = 0.5
"""Least share that the edges of a thing must have of the background's there, and its colour's
difference to what is around it of the background's. Ghosts in real footage: 0.05-0.45; the bag of
the test clip, dark before the dark foot of a cabinet: 0.63 and 0.74."""
_AROUND = np.ones((3, 3), np.uint8)


class StillObjects:
    """A detector of things put down: label ``object``. See :class:`edge_agent.detectors.Detector`.

    Scores say how far a thing's colour is from the background's: 0.5 at least.
    """

    labels = (UNKNOWN_KIND,)

    def __init__(self) -> None:
        self._view: _View | None = None

    def submit(self, frame: Frame) -> "Future[Detections]":
        """Look at ``frame``, at once and in the caller's thread: a few milliseconds."""
        done: Future[Detections] = Future()
        done.set_result(self.look(frame))
        return done

    def look(self, frame: Frame) -> Detections:
        """What stands still and was not there, in pixels of ``frame``."""
        now = _small(frame.image)
        if self._view is None or self._view.is_of_another(now, frame.time):
            self._view = _View(now, frame.time)
        found = self._view.step(now, frame.time)
        boxes = np.array([box for box, _ in found], np.float32).reshape(-1, 4)
        width, height = frame.size
        boxes *= np.array([width / now.shape[1], height / now.shape[0]] * 2, np.float32)
        scores = np.array([score for _, score in found], np.float32)
        return Detections(boxes, scores, (UNKNOWN_KIND,) * len(found), frame.size)


Found = tuple[tuple[float, float, float, float], float]
"""Box in pixels of the small picture, score."""


class _View:
    """What one camera, unmoved, saw since it began."""

    def __init__(self, first: Picture, time: datetime) -> None:
        self._background = first.copy()
        self._seen = first.copy()
        self._began = self._last = time
        self._since = np.zeros(first.shape[:2], np.float32)  # seconds after the beginning
        self._hole_for = np.zeros(first.shape[:2], np.float32)  # seconds
        self._flooded_at: datetime | None = None

    def is_of_another(self, now: Picture, time: datetime) -> bool:
        """Whether to begin anew: another size, a clock set back, another view for too long."""
        if now.shape != self._background.shape or time < self._last:
            return True
        at = self._flooded_at
        return at is not None and (time - at).total_seconds() >= FLOODED_S

    def step(self, now: Picture, time: datetime) -> list[Found]:
        elapsed, self._last = (time - self._last).total_seconds(), time
        at = (time - self._began).total_seconds()
        self._follow(now, at)
        light = _light(now, self._background)
        expected = self._background * light
        difference = np.abs(now - expected).max(axis=2)
        other = difference > CHANGED
        if other.mean() > FLOODED:
            self._flooded_at = self._flooded_at or time
            return []
        self._flooded_at = None
        self._adapt(other, now / light, elapsed)
        still = other & (at - self._since >= STILL_S)
        found, holes = self._judge(still, other, now, expected, difference)
        self._hole_for = np.where(holes, self._hole_for + np.float32(elapsed), np.float32(0))
        self._learn((self._hole_for >= HOLE_S) | (still & (at - self._since >= ABSORB_S)), light)
        return found

    def _follow(self, now: Picture, at: float) -> None:
        """Since when has each pixel stood still?"""
        moved = np.abs(now - self._seen).max(axis=2) > FLICKER
        self._since[moved] = at
        cv2.accumulateWeighted(now, self._seen, 0.1)
        self._seen[moved] = now[moved]

    def _adapt(self, other: Mask, unlit: Picture, elapsed: float) -> None:
        """The background follows, but not beside what differs: a thing's rim is not to fade in."""
        rim = cv2.dilate(other.astype(np.uint8), np.ones((5, 5), np.uint8))
        rate = min(1.0, elapsed / ADAPT_S)
        cv2.accumulateWeighted(unlit, self._background, rate, 1 - rim)

    def _learn(self, where: Mask, light: NDArray[np.float32]) -> None:
        self._background[where] = (self._seen / light)[where]

    def _judge(
        self, still: Mask, other: Mask, now: Picture, expected: Picture, difference: Picture
    ) -> tuple[list[Found], Mask]:
        """What was put down, and where something was taken away."""
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(_tidied(still))
        found: list[Found] = []
        holes = np.zeros_like(still)
        for number in range(1, count):
            x, y, width, height, area = (int(value) for value in stats[number])
            if not LEAST <= area / still.size <= MOST:
                continue
            here = _window(x, y, width, height)
            thing = numbers[here] == number
            if _is_a_hole(thing, other[here], now[here], expected[here]):
                holes[here] |= thing
                continue
            strength = float(difference[here][thing].mean()) / (2 * CHANGED)
            found.append(((x, y, x + width, y + height), min(1.0, strength)))
        return found, holes


def _small(image: Image) -> Picture:
    height = max(1, round(image.shape[0] * WIDTH / image.shape[1]))
    small = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)
    soft: Picture = cv2.GaussianBlur(small, (0, 0), 1.0).astype(np.float32)
    return soft


def _light(now: Picture, background: Picture) -> NDArray[np.float32]:
    """(3,) How much brighter each colour is now, as most of the picture says: auto-exposure."""
    ratio = (now[::4, ::4] + 1) / (background[::4, ::4] + 1)
    light: Picture = np.median(ratio, axis=(0, 1)).astype(np.float32)
    return light


def _tidied(mask: Mask) -> NDArray[np.uint8]:
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    opened: NDArray[np.uint8] = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _AROUND).astype(np.uint8)
    return opened


def _window(x: int, y: int, width: int, height: int) -> tuple[slice, slice]:
    beside = 12
    return (
        slice(max(0, y - beside), y + height + beside),
        slice(max(0, x - beside), x + width + beside),
    )


def _is_a_hole(thing: Mask, other: Mask, now: Picture, expected: Picture) -> bool:
    """Whether ``thing`` is where something was taken away, not something put down.

    Only where background lies beside it can be compared, not where ``other`` things are.
    """
    mask = thing.astype(np.uint8)
    beside = cv2.dilate((other & ~thing).astype(np.uint8), _AROUND, iterations=2) > 0
    rim = ((cv2.dilate(mask, _AROUND) - cv2.erode(mask, _AROUND)) > 0) & ~beside
    if not rim.any() or _edges(now)[rim].mean() < ITS_OWN * _edges(expected)[rim].mean():
        return True
    outside = (cv2.dilate(mask, _AROUND, iterations=4) - cv2.dilate(mask, _AROUND)) > 0
    clear = (outside & ~beside).astype(np.float32)
    weight = cv2.boxFilter(clear, -1, (13, 13), normalize=False)
    colours = cv2.boxFilter(now * clear[..., None], -1, (13, 13), normalize=False)
    goes_on = colours / np.maximum(weight, 1)[..., None]
    inside = (mask - cv2.erode(mask, _AROUND, iterations=2) > 0) & (weight > 3)
    if not inside.any():
        return True
    own = np.abs(now - goes_on).max(axis=2)[inside].mean()
    before = np.abs(expected - goes_on).max(axis=2)[inside].mean()
    return bool(own < ITS_OWN * before)


def _edges(picture: Picture) -> Picture:
    grey = picture.mean(axis=2)
    strength: Picture = cv2.magnitude(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    )
    return strength
