"""Stays in a zone: who was here at the last frame is who now?

A stay is not tied to a track's id. A slow detector loses identities; a track that appears where
another was lost a moment ago goes on with its stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from edge_agent.behaviours.telling import UNTOLD, Telling
from edge_agent.types import Track
from edge_agent.zones import foot
from linli_contract.payloads import Box

SIDEWAYS_PER_S = 3.0
"""Box widths per second: a person's is about 0.6 m, so about 1.8 m/s, a fast walk."""
DEPTH_PER_S = 1.0
"""Box heights per second: 1.7 m/s for a person."""
SLACK = 0.5
"""Widths or heights that a box may jump by itself between two frames."""
_FORGET = timedelta(seconds=60)
"""Longer than any tracker keeps an id that it does not see."""


@dataclass(frozen=True)
class Known:
    """When an id was there."""

    first: datetime
    last: datetime


def remember(
    known: Mapping[int, Known], tracks: Sequence[Track], now: datetime
) -> Mapping[int, Known]:
    """``known`` after a frame with ``tracks``."""
    kept = {id_: seen for id_, seen in known.items() if now - seen.last <= _FORGET}
    for track in tracks:
        if track.id >= 0:
            kept[track.id] = Known(kept[track.id].first if track.id in kept else now, now)
    return kept


@dataclass(frozen=True)
class Stay:
    """Someone's stay in a zone."""

    track: Track
    """as last seen here"""
    started_at: datetime
    last_seen: datetime
    tracks: tuple[int, ...] = ()
    """Ids it had, oldest first; the newest 8."""
    confidence: float = 0.0
    """the highest score"""
    told: Telling = UNTOLD

    @property
    def identity(self) -> int | None:
        """Its newest id: a box that no track has for a moment does not change who it is."""
        return self.tracks[-1] if self.tracks else None

    def seen(self, track: Track, now: datetime) -> "Stay":
        """The stay going on as ``track``."""
        ids = self.tracks
        if track.id >= 0 and ids[-1:] != (track.id,):
            ids = (*(i for i in ids if i != track.id), track.id)[-8:]
        return replace(
            self,
            track=track,
            last_seen=now,
            tracks=ids,
            confidence=max(self.confidence, track.score),
        )


def new_stay(track: Track, now: datetime) -> Stay:
    """A stay that begins."""
    return Stay(track, started_at=now, last_seen=now).seen(track, now)


def follow(
    stays: Sequence[Stay],
    here: Sequence[Track],
    ids_in_frame: frozenset[int],
    now: datetime,
    known: Mapping[int, Known] = MappingProxyType({}),
) -> list[Stay]:
    """All stays after a frame: those gone on, those not seen in it, then those begun.

    Args:
        stays: those of the last frame.
        here: tracks inside the zone.
        ids_in_frame: ids of all tracks of the frame. Whose own track walks elsewhere has left:
            nobody inherits that stay.
        now: capture time of the frame.
        known: since when ids are there. Who was there while the stay was still seen is someone
            else and does not inherit it.
    """
    pairs = _same_id(stays, here)
    left_over = [
        i for i, stay in enumerate(stays) if i not in pairs and stay.identity not in ids_in_frame
    ]
    taken = set(pairs.values())
    strangers = [j for j in range(len(here)) if j not in taken]
    pairs |= _nearby(stays, left_over, here, strangers, now, known)
    gone_on = [
        stay.seen(here[pairs[i]], now) if i in pairs else stay for i, stay in enumerate(stays)
    ]
    taken = set(pairs.values())
    return gone_on + [new_stay(track, now) for j, track in enumerate(here) if j not in taken]


def _same_id(stays: Sequence[Stay], here: Sequence[Track]) -> dict[int, int]:
    by_id = {track.id: j for j, track in enumerate(here) if track.id >= 0}
    return {i: by_id[stay.identity] for i, stay in enumerate(stays) if stay.identity in by_id}


def _nearby(
    stays: Sequence[Stay],
    left_over: list[int],
    here: Sequence[Track],
    strangers: list[int],
    now: datetime,
    known: Mapping[int, Known],
) -> dict[int, int]:
    """Nearest first, each once."""
    near = sorted(
        (distance, i, j)
        for i in left_over
        for j in strangers
        if _may_be(stays[i], here[j], known)
        and (distance := _distance(stays[i], here[j], now)) <= 1
    )
    pairs: dict[int, int] = {}
    for _, i, j in near:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _may_be(stay: Stay, track: Track, known: Mapping[int, Known]) -> bool:
    return track.id not in known or known[track.id].first > stay.last_seen


def _distance(stay: Stay, track: Track, now: datetime) -> float:
    """How far the foot points are apart, as a share of what the time in between allows."""
    if stay.track.label != track.label:
        return float("inf")
    gap = (now - stay.last_seen).total_seconds()
    width, height = _size(stay.track.box, track.box)
    (x1, y1), (x2, y2) = foot(stay.track.box), foot(track.box)
    sideways = abs(x2 - x1) / (width * (SLACK + SIDEWAYS_PER_S * gap))
    depth = abs(y2 - y1) / (height * (SLACK + DEPTH_PER_S * gap))
    return max(sideways, depth)


def _size(one: Box, other: Box) -> tuple[float, float]:
    tiny = 1e-6
    width = max(one[2] - one[0], other[2] - other[0], tiny)
    return width, max(one[3] - one[1], other[3] - other[1], tiny)
