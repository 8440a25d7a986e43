"""Stall on the road (占道经营): goods stand still in the zone and someone keeps them.

One observation a zone: a stall of one umbrella, two tables and five chairs is one stall.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.boxes import is_near
from edge_agent.behaviours.places import Births, Follow, Place
from edge_agent.behaviours.settings import StallSettings, ZoneSettings
from edge_agent.behaviours.telling import UNTOLD, Telling
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase


@dataclass(frozen=True)
class Goods:
    """One piece of it."""

    place: Place
    kept_since: datetime | None = None
    """None: nobody keeps it."""
    kept_at: datetime | None = None
    """The last time someone stood beside it."""


@dataclass(frozen=True)
class Stall:
    """A stall that was told."""

    told: Telling
    started_at: datetime
    triggered_at: datetime
    goods: tuple[Goods, ...]
    """the last time there was a stall"""

    @property
    def ended_at(self) -> datetime:
        """The last time goods and keeper were seen."""
        times = [min(g.place.last_seen, g.kept_at or g.place.last_seen) for g in self.goods]
        return max(self.triggered_at, *times)


@dataclass(frozen=True)
class StallState:
    goods: tuple[Goods, ...] = ()
    births: Births = field(default_factory=Births)
    stall: Stall | None = None
    looked_at: datetime | None = None
    """Capture time of the last frame."""


@dataclass(frozen=True)
class StallOccupyingRoad:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: StallSettings
    area: ZoneSettings
    new_id: NewId
    event_type: str = "stall_occupying_road"
    initial: StallState = StallState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: StallState, tracks: Sequence[Track], now: datetime
    ) -> tuple[StallState, list[Observation]]:
        births = state.births.after(tracks, now)
        still = self._still(state, births, tracks, now)
        goods = tuple(self._kept(row, tracks, now) for row in still)
        ripe = tuple(row for row in goods if self._is_ripe(row, now))
        cause = why_over(state.looked_at, now, timedelta(seconds=self.settings.memory))
        stall, said = self._judge(state.stall, ripe, now, cause)
        return StallState(goods, births, stall, now), said

    def close(self, state: StallState, now: datetime, cause: str) -> list[Observation]:
        return [self._say(state.stall, Phase.END, now, cause)] if state.stall else []

    def _still(
        self, state: StallState, births: Births, tracks: Sequence[Track], now: datetime
    ) -> list[Goods]:
        """What stands still, known before or new."""
        known = [row for row in state.goods if not self._is_over(row.place, state, now, True)]
        here = members(self.settings, self.area, tracks)
        grace = timedelta(seconds=self.settings.grace)
        places = Follow(grace).step([row.place for row in known], here, tracks, births, now)
        after = [replace(row, place=place) for row, place in zip(known, places, strict=False)]
        after += [Goods(place) for place in places[len(known) :]]
        return [
            row
            for row in after
            if row.place.last_seen == now or not self._is_over(row.place, state, now, False)
        ]

    def _is_over(self, place: Place, state: StallState, now: datetime, again: bool) -> bool:
        grace, memory = self.settings.grace, self.settings.memory
        patience = place.patience(timedelta(seconds=grace), timedelta(seconds=memory))
        return is_over(place.last_seen, state.looked_at, now, patience, again)

    def _kept(self, goods: Goods, tracks: Sequence[Track], now: datetime) -> Goods:
        """With or without someone beside it."""
        wanted = self.settings
        if any(
            track.label in wanted.vendors
            and is_near(track.box, goods.place.box, wanted.vendor_within)
            for track in tracks
        ):
            return replace(goods, kept_since=goods.kept_since or now, kept_at=now)
        away = timedelta(seconds=wanted.vendor_away)
        left = goods.kept_at is not None and now - goods.kept_at > away
        return replace(goods, kept_since=None, kept_at=None) if left else goods

    def _is_ripe(self, goods: Goods, now: datetime) -> bool:
        since = goods.kept_since
        return since is not None and now - since >= timedelta(seconds=self.settings.dwell)

    def _judge(
        self, stall: Stall | None, ripe: tuple[Goods, ...], now: datetime, cause: str
    ) -> tuple[Stall | None, list[Observation]]:
        if stall is None:
            begins = any(row.place.last_seen == now for row in ripe)
            return self._begin(ripe, now) if begins else (None, [])
        if not ripe:
            return None, [self._say(stall, Phase.END, now, cause)]
        told, phase = stall.told.step(True, now, self.new_id)
        stall = replace(stall, goods=ripe, told=told)
        return stall, [self._say(stall, phase, now)] if phase else []

    def _begin(self, ripe: tuple[Goods, ...], now: datetime) -> tuple[Stall, list[Observation]]:
        since = min(row.kept_since or now for row in ripe)
        told, _ = UNTOLD.step(True, now, self.new_id)
        stall = Stall(told, since, now, ripe)
        return stall, [self._say(stall, Phase.START, now)]

    def _say(self, stall: Stall, phase: Phase, now: datetime, cause: str = "") -> Observation:
        places = [row.place for row in stall.goods]
        return Observation(
            observation_id=stall.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=stall.started_at,
            triggered_at=stall.triggered_at,
            ended_at=stall.ended_at if phase is Phase.END else None,
            dwell_s=(now - stall.started_at).total_seconds(),
            label=places[0].track.label,
            count=len(places),
            confidence=max(place.confidence for place in places),
            tracks=tuple(place.track.id for place in places if place.track.id >= 0),
            boxes=tuple(place.track.box for place in places),
            cause=cause,
        )
