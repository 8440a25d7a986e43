"""Line crossing (越线): a foot point goes from one side of a line to the other.

Side A lies on the left as one goes from the line's first point to its second in the picture, side
B on the right. A crossing has no length: its start and its end are said with the same frame, as
soon as it has not been undone for the time ``settle``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from msgspec import structs

from edge_agent.behaviours.base import NewId
from edge_agent.behaviours.lines import meets, signed
from edge_agent.behaviours.settings import Direction, LineSettings
from edge_agent.behaviours.settling import Crossing, settle
from edge_agent.behaviours.stays import Stay, follow
from edge_agent.polygons import Edge, Point
from edge_agent.types import Track
from linli_contract.payloads import Box, Observation, Phase

DEEP = 0.1
"""Sizes of its box that a foot must once have been away from the line: boxes jitter by half of
that, so who stands on the line never crosses it."""
NEAR = 0.02
"""Sizes beyond the line that are then enough: people walk along lines, and stop behind them."""
LOST = timedelta(seconds=2)
"""A track unseen for longer begins anew; the tracker forgets it then as well."""
HEIGHT_S = 2.0
"""Time constant of a track's height, and the share of it below which its feet are hidden."""
HIDDEN = 0.85


@dataclass(frozen=True)
class Path:
    """Where a track stands to the line."""

    stay: Stay
    height: float
    """its box's height, mean over the last seconds"""
    foot: Point
    side: int = 0
    """-1 is A, 1 is B"""
    deep: float = 0.0
    """Farthest on this side, in sizes of its box."""
    past_at: datetime | None = None
    """When the foot point last changed sides; None: never, or past the line's ends."""
    waiting: Crossing | None = None
    """Crossed, and could still turn back."""


@dataclass(frozen=True)
class LineState:
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class LineCrossing:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: LineSettings
    new_id: NewId
    event_type: str = "line_crossing"
    initial: LineState = LineState()

    @property
    def zone(self) -> str:
        return self.settings.name

    def step(
        self, state: LineState, tracks: Sequence[Track], now: datetime
    ) -> tuple[LineState, list[Observation]]:
        known = [path for path in state.paths if now - path.stay.last_seen <= LOST]
        # who is lost cannot turn back any more
        lost = [path for path in state.paths if now - path.stay.last_seen > LOST]
        said = [one for path in lost for one in self._say(path, path.waiting, now)]
        ids = frozenset(track.id for track in tracks)
        stays = follow([path.stay for path in known], self._counted(tracks), ids, now)
        paths: list[Path] = []
        for path, stay in zip(known, stays, strict=False):
            went, stood = self._go(path, stay, now)
            paths.append(went)
            said += [one for crossing in stood for one in self._say(went, crossing, now)]
        paths += [self._begin(stay) for stay in stays[len(known) :]]
        return LineState(tuple(paths)), said

    def close(self, state: LineState, now: datetime, cause: str) -> list[Observation]:
        """Nothing is ever open; who has crossed and not turned back yet, has crossed."""
        return [one for path in state.paths for one in self._say(path, path.waiting, now)]

    def _counted(self, tracks: Sequence[Track]) -> list[Track]:
        wanted = self.settings
        return [
            track
            for track in tracks
            if track.label in wanted.labels
            and track.score >= wanted.min_confidence
            and track.box[3] - track.box[1] >= wanted.min_height
        ]

    def _begin(self, stay: Stay) -> Path:
        box = stay.track.box
        path = Path(stay, box[3] - box[1], _foot(box, box[3] - box[1]))
        depth = _depth(self.settings.line, path)
        return replace(path, side=_side(depth), deep=abs(depth))

    def _go(self, path: Path, stay: Stay, now: datetime) -> tuple[Path, list[Crossing]]:
        """Where it is after the frame of ``now``, and which crossings stand."""
        if stay.last_seen != now:
            return self._settled(replace(path, stay=stay), now, [])
        height = _mean_height(path, stay.track.box, now)
        foot = _foot(stay.track.box, height)
        went = replace(path, stay=stay, height=height, foot=foot)
        if signed(self.settings.line, path.foot) * signed(self.settings.line, foot) <= 0:
            through = meets(self.settings.line, path.foot, foot)
            went = replace(went, past_at=now if through else None)
        depth = _depth(self.settings.line, went)
        side = _side(depth)
        if side == path.side:
            return self._settled(replace(went, deep=max(path.deep, abs(depth))), now, [])
        if abs(depth) < (NEAR if path.deep >= DEEP else DEEP):
            return went, []  # perhaps about to turn back: what waits goes on waiting
        over = replace(went, side=side, deep=abs(depth), past_at=None)
        if went.past_at is None:
            return self._settled(over, now, [])
        waiting, stands = settle(path.waiting, Crossing(went.past_at, side), self._settle)
        return self._settled(replace(over, waiting=waiting), now, [stands] if stands else [])

    @property
    def _settle(self) -> timedelta:
        return timedelta(seconds=self.settings.settle)

    def _settled(
        self, path: Path, now: datetime, stood: list[Crossing]
    ) -> tuple[Path, list[Crossing]]:
        """What has waited long enough stands as well."""
        if path.waiting is None or now - path.waiting.at < self._settle:
            return path, stood
        return replace(path, waiting=None), [*stood, path.waiting]

    def _say(self, path: Path, crossing: Crossing | None, now: datetime) -> list[Observation]:
        """Its start and its end; nothing where it is none, or the other way counts."""
        if crossing is None:
            return []
        direction: Direction = "a_to_b" if crossing.towards > 0 else "b_to_a"
        if self.settings.direction not in (direction, "both"):
            return []
        start = Observation(
            observation_id=self.new_id(),
            phase=Phase.START,
            zone=self.settings.name,
            started_at=crossing.at,
            triggered_at=now,
            dwell_s=(now - crossing.at).total_seconds(),
            label=path.stay.track.label,
            confidence=path.stay.confidence,
            tracks=path.stay.tracks[-1:],
            boxes=(path.stay.track.box,),
            direction=direction,
        )
        end = structs.replace(start, phase=Phase.END, ended_at=now, cause="left")
        return [start, end]


def _mean_height(path: Path, box: Box, now: datetime) -> float:
    weight = 1 - math.exp(-(now - path.stay.last_seen).total_seconds() / HEIGHT_S)
    return path.height + weight * (box[3] - box[1] - path.height)


def _foot(box: Box, height: float) -> Point:
    """Where it stands; below its box while something hides its feet."""
    hidden = box[3] - box[1] < HIDDEN * height
    return (box[0] + box[2]) / 2, min(1.0, box[1] + height) if hidden else box[3]


def _depth(line: Edge, path: Path) -> float:
    """Distance to the line in sizes of the box; < 0 on side A."""
    (ax, ay), (bx, by) = line
    box = path.stay.track.box
    size = abs(bx - ax) * path.height + abs(by - ay) * (box[2] - box[0])
    return signed(line, path.foot) / max(size, 1e-9)


def _side(depth: float) -> int:
    return 1 if depth > 0 else -1


def line_crossing(settings: LineSettings, new_id: NewId) -> LineCrossing:
    """The behaviour of the line ``settings``."""
    return LineCrossing(settings, new_id)
