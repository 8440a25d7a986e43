"""Places where something stands still: who stands there is told by the place, not by an id.

Lights and shadows make a detector lose a parked car for minutes, and a tracker gives it a new id
afterwards. As long as nobody saw it leave, it still stands there. It was seen to leave when the
track that stood there is elsewhere and nothing else stands in its place.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.boxes import likeness, mean, overlap
from edge_agent.behaviours.telling import UNTOLD, Telling
from edge_agent.types import Track
from linli_contract.payloads import Box

SETTLING_S = 10.0
"""A place's box follows what is seen there with this time constant. So long may also something be
unseen that has hardly stood, and so long must nothing be there, after its track was seen
elsewhere, before it has left."""
BORN = 0.5
"""Overlap of a track's first box with a place from which it appeared there."""
FORGET = timedelta(seconds=60)
"""After so long unseen a track's id is not used again."""


@dataclass(frozen=True)
class Place:
    """Something standing still."""

    track: Track
    """as last seen"""
    box: Box
    """mean over the last seconds"""
    origin: Box
    """where it stood at first"""
    started_at: datetime
    last_seen: datetime
    left_at: datetime | None = None
    """Since when its track is elsewhere and nothing is here; None: not seen to leave."""
    tracks: tuple[int, ...] = ()
    """Ids it had, oldest first; the newest 8."""
    confidence: float = 0.0
    """the highest score"""
    told: Telling = UNTOLD

    def likeness(self, box: Box) -> float:
        """How much ``box`` is the thing that stands here."""
        return min(likeness(self.box, box), likeness(self.origin, box))

    def seen(self, track: Track, now: datetime) -> "Place":
        """It stands here as ``track``."""
        weight = 1 - math.exp(-(now - self.last_seen).total_seconds() / SETTLING_S)
        ids = self.tracks
        if track.id >= 0:
            ids = (*(one for one in ids if one != track.id), track.id)[-8:]
        return replace(
            self,
            track=track,
            box=mean(self.box, track.box, weight),
            last_seen=now,
            left_at=None,
            tracks=ids,
            confidence=max(self.confidence, track.score),
        )

    def moved(self, track: Track, now: datetime) -> "Place":
        """The same thing stands elsewhere."""
        return replace(self.seen(track, now), box=track.box, origin=track.box)

    def unseen(self, tracks: Mapping[int, Track], now: datetime) -> "Place":
        """Nothing stands here in this frame."""
        if self.left_at is not None or self.track.id not in tracks:
            return self
        elsewhere = overlap(tracks[self.track.id].box, self.box) < BORN
        return replace(self, left_at=now) if elsewhere else self

    def patience(self, grace: timedelta, memory: timedelta) -> timedelta:
        """How long it may be unseen: as long as it has stood, up to ``memory``."""
        stood, settling = self.last_seen - self.started_at, timedelta(seconds=SETTLING_S)
        if self.left_at is not None:
            return max(grace, min(settling, stood))
        return max(grace, min(memory, max(settling, stood)))


def new_place(track: Track, now: datetime) -> Place:
    """Something begins to stand."""
    return Place(track, track.box, track.box, started_at=now, last_seen=now).seen(track, now)


@dataclass(frozen=True)
class Births:
    """Where each track appeared first: one that came driving is no parked car found again."""

    boxes: Mapping[int, tuple[Box, datetime]] = field(default_factory=dict)
    """id: first box, last seen"""

    def after(self, tracks: Sequence[Track], now: datetime) -> "Births":
        """With the tracks of this frame."""
        kept = {k: row for k, row in self.boxes.items() if now - row[1] <= FORGET}
        seen = {t.id: (kept.get(t.id, (t.box, now))[0], now) for t in tracks if t.id >= 0}
        return Births(kept | seen)

    def appeared_at(self, place: Place, track: Track) -> bool:
        """Whether ``track`` was there from its first box on; True for one without an id."""
        row = self.boxes.get(track.id)
        return row is None or overlap(row[0], place.box) >= BORN


@dataclass(frozen=True)
class Follow:
    """How places go on over frames.

    Args:
        grace: a gap that needs no explanation.
        movable: a thing that moves within the zone stays the same.
    """

    grace: timedelta
    movable: bool = False

    def step(
        self,
        places: Sequence[Place],
        here: Sequence[Track],
        everywhere: Sequence[Track],
        births: Births,
        now: datetime,
    ) -> list[Place]:
        """All places after a frame: those known, in their order, then the new ones.

        Args:
            here: tracks inside the zone that count.
            everywhere: all tracks of the frame.
            births: with this frame.
        """
        by_id = {track.id: track for track in everywhere if track.id >= 0}
        pairs = self._pairs(places, here, births, now)
        taken = set(pairs.values())
        moves = self._moves(places, pairs, here, taken) if self.movable else {}
        after: list[Place] = []
        for i, place in enumerate(places):
            if i in pairs:
                after.append(place.seen(here[pairs[i]], now))
            elif i in moves:
                after.append(place.moved(here[moves[i]], now))
            else:
                after.append(place.unseen(by_id, now))
        taken |= set(moves.values())
        return after + [new_place(t, now) for j, t in enumerate(here) if j not in taken]

    def _pairs(
        self, places: Sequence[Place], here: Sequence[Track], births: Births, now: datetime
    ) -> dict[int, int]:
        """Which place is which track; most alike first, the place that stood longest first."""
        rows = sorted(
            (-alike, place.started_at, i, j)
            for i, place in enumerate(places)
            for j, track in enumerate(here)
            if (alike := place.likeness(track.box)) > 0 and self._may(place, track, births, now)
        )
        pairs: dict[int, int] = {}
        taken: set[int] = set()
        for _, _, i, j in rows:
            if i not in pairs and j not in taken:
                pairs[i] = j
                taken.add(j)
        return pairs

    def _may(self, place: Place, track: Track, births: Births, now: datetime) -> bool:
        """A box in the place goes on with it, if it was there all along or appeared there."""
        unbroken = place.left_at is None and now - place.last_seen <= self.grace
        return unbroken or track.id in place.tracks or births.appeared_at(place, track)

    @staticmethod
    def _moves(
        places: Sequence[Place], pairs: Mapping[int, int], here: Sequence[Track], taken: set[int]
    ) -> dict[int, int]:
        free = {t.id: j for j, t in enumerate(here) if j not in taken and t.id >= 0}
        return {
            i: free[place.track.id]
            for i, place in enumerate(places)
            if i not in pairs and place.track.id in free
        }
