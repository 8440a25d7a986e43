"""ByteTrack (Zhang et al. 2022) by the clock instead of by the frame, with colours.

Strong boxes are matched first, weak ones only go on with tracks that are left. What a match
costs is the likelihood of a motion filter in seconds, so that a camera of 2 frames a second is
tracked as one of 30; colours decide where two have crossed.
"""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from edge_agent.tracking.base import UNKNOWN, Tracker, as_track
from edge_agent.tracking.hidden import behind, covered
from edge_agent.tracking.looks import SIZE
from edge_agent.tracking.matching import pairs
from edge_agent.tracking.motion import Motion, corners, feet
from edge_agent.types import Detections, Track

_STRONG = 0.5
"""Score of a box that is matched before others."""
_EVIDENCE = 1.2
"""Sum of scores that makes a track of a guess: two boxes of 60 %, or three of 40 %."""
_GUESS_S = 0.6
"""A guess not seen again for so long, or in the next frame, was nothing."""
_WEAK_S = 1.0
"""A track unseen for longer is not found again by a weak box."""
_CLEAR = 0.25
"""A box of which more is covered by another shows the other's colours."""
_FRESH = 0.2
"""Weight of the newest look in a track's."""
_HIDDEN_S = 0.5
"""Longest time that a track goes on unseen behind another."""
_MISSED_S = 0.25
"""Longest time that it does with nobody before it: a detector misses a frame now and then."""
_KNOWN_WELL = 10
"""Boxes after which a track's motion is known well enough to go on unseen."""


@dataclass
class _One:
    """What is known of a track beside its motion."""

    label: str
    seen: float
    """seconds since the tracker began"""
    id: int = UNKNOWN
    boxes: int = 0
    evidence: float = 0.0
    look: NDArray[np.float32] = field(default_factory=lambda: np.zeros(SIZE, np.float32))
    """zeros: not known"""

    @property
    def known(self) -> bool:
        return self.id != UNKNOWN

    def see(self, detections: Detections, row: int, now: float) -> None:
        self.label, self.seen = detections.labels[row], now
        self.boxes += 1
        self.evidence += float(detections.scores[row])

    def remember(self, look: NDArray[np.float32]) -> None:
        mixed = (1 - _FRESH) * self.look + _FRESH * look
        length = max(float(np.linalg.norm(mixed)), 1e-9)
        self.look = np.asarray(mixed / length, dtype=np.float32)


def byte_tracker(activation: float = 0.4, lost_s: float = 2.0) -> Tracker:
    """A tracker for 1-30 frames a second.

    Args:
        activation: score from which a box begins a track; weaker ones only continue one.
        lost_s: seconds after which an unseen track is forgotten.
    """
    return _ByteTracker(activation, lost_s)


class _ByteTracker:
    def __init__(self, activation: float, lost_s: float) -> None:
        self._activation = activation
        self._lost_s = lost_s
        self._next = 0
        self._last: datetime | None = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._motion = Motion()
        self._ones: list[_One] = []
        self._now = 0.0

    def update(self, detections: Detections, time: datetime) -> list[Track]:
        elapsed = self._elapsed(time)
        self._now += elapsed
        self._forget(elapsed)
        if elapsed:
            self._motion.predict(elapsed)
        owner = self._match(detections, elapsed)
        self._correct(detections, owner)
        tracks = self._tracks(detections, owner) + self._hidden(detections.size, owner)
        self._begin(detections, owner)
        return tracks

    def _elapsed(self, time: datetime) -> float:
        """Seconds since the last frame. A clock set back makes all identities new."""
        last, self._last = self._last, time
        if last is None or time <= last:
            self._begin_anew()
            return 0.0
        return (time - last).total_seconds()

    def _forget(self, elapsed: float) -> None:
        guess_s = max(_GUESS_S, elapsed)
        stay = [
            self._now - one.seen <= (self._lost_s if one.known else guess_s) + 1e-6
            for one in self._ones
        ]
        self._motion.keep(np.array(stay, dtype=np.bool_))
        self._ones = [one for one, keep in zip(self._ones, stay, strict=True) if keep]

    def _match(self, detections: Detections, elapsed: float) -> dict[int, int]:
        """Row of the detections → track."""
        owner: dict[int, int] = {}
        strong = [row for row, s in enumerate(detections.scores) if s >= _STRONG]
        weak = [row for row, s in enumerate(detections.scores) if s < _STRONG]
        fair = [row for row in weak if detections.scores[row] >= self._activation]
        known = [i for i, one in enumerate(self._ones) if one.known]
        late = [i for i in known if self._now - self._ones[i].seen <= _WEAK_S + elapsed]
        guesses = [i for i, one in enumerate(self._ones) if not one.known]
        for tracks, rows in ((known, strong), (late, weak), (guesses, strong + fair)):
            self._join(tracks, rows, detections, owner)
        return owner

    def _join(
        self, tracks: list[int], rows: list[int], detections: Detections, owner: dict[int, int]
    ) -> None:
        """Match what neither side has matched yet."""
        taken = set(owner.values())
        tracks = [i for i in tracks if i not in taken]
        rows = [row for row in rows if row not in owner]
        looks = np.array([self._ones[i].look for i in tracks], np.float32).reshape(-1, SIZE)
        labels = [self._ones[i].label for i in tracks]
        for track, row in pairs(self._motion, tracks, labels, looks, detections, rows):
            owner[row] = track

    def _correct(self, detections: Detections, owner: dict[int, int]) -> None:
        places = feet(detections.boxes)
        shared = covered(detections.boxes)
        for row, track in owner.items():
            one = self._ones[track]
            self._motion.correct(track, places[row])
            one.see(detections, row, self._now)
            if detections.looks is not None and shared[row] < _CLEAR:
                one.remember(detections.looks[row])
            if not one.known and one.boxes >= 2 and one.evidence >= _EVIDENCE:
                one.id, self._next = self._next, self._next + 1

    def _tracks(self, detections: Detections, owner: dict[int, int]) -> list[Track]:
        ids = {row: self._ones[track].id for row, track in owner.items()}
        return [
            as_track(detections, row, ids.get(row, UNKNOWN))
            for row in range(len(detections))
            if ids.get(row, UNKNOWN) != UNKNOWN or detections.scores[row] >= self._activation
        ]

    def _hidden(self, size: tuple[int, int], owner: dict[int, int]) -> list[Track]:
        """Those who are missed for a moment, where they should be by now."""
        seen = sorted(set(owner.values()))
        unseen = [
            i
            for i, one in enumerate(self._ones)
            if one.known
            and i not in seen
            and one.boxes >= _KNOWN_WELL
            and self._now - one.seen <= _HIDDEN_S
        ]
        boxes = corners(self._motion.place)
        hidden = set(behind(boxes, unseen, seen))
        return [
            self._guessed(i, boxes[i], size)
            for i in unseen
            if (i in hidden or self._now - self._ones[i].seen <= _MISSED_S)
            and boxes[i, 0] >= 0
            and boxes[i, 2] <= size[0]
        ]

    def _guessed(self, track: int, box: NDArray[np.float64], size: tuple[int, int]) -> Track:
        one = self._ones[track]
        x1, y1, x2, y2 = np.clip(box / np.array([*size, *size]), 0, 1).tolist()
        score = one.evidence / one.boxes
        return Track(one.id, (x1, y1, x2, y2), one.label, score, aspect=size[0] / size[1])

    def _begin(self, detections: Detections, owner: dict[int, int]) -> None:
        rows = [
            row
            for row, score in enumerate(detections.scores)
            if row not in owner and score >= self._activation
        ]
        self._motion.add(feet(detections.boxes[rows]))
        shared = covered(detections.boxes)
        for row in rows:
            one = _One(detections.labels[row], self._now)
            one.see(detections, row, self._now)
            if detections.looks is not None and shared[row] < _CLEAR:
                one.remember(detections.looks[row])
            self._ones.append(one)
