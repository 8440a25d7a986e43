"""Something stands still: illegal parking (机动车违停), a fire lane blocked (消防通道占用).

One observation for each thing that stands, however its detection flickers or its id changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.places import Births, Follow, Place
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.watch_settings import StillSettings
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase


@dataclass(frozen=True)
class StandingState:
    places: tuple[Place, ...] = ()
    births: Births = field(default_factory=Births)
    looked_at: datetime | None = None
    """Capture time of the last frame."""


@dataclass(frozen=True)
class Standing:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: StillSettings
    area: ZoneSettings
    new_id: NewId
    event_type: str
    movable: bool = False
    """A thing that moves within the zone stays the same."""
    initial: StandingState = StandingState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: StandingState, tracks: Sequence[Track], now: datetime
    ) -> tuple[StandingState, list[Observation]]:
        here = members(self.settings, self.area, tracks)
        births = state.births.after(tracks, now)
        ended, lasting = split(state.places, lambda p: self._is_over(p, state, now, again=True))
        followed = Follow(self._grace, self.movable).step(lasting, here, tracks, births, now)
        missed, open_ = split(
            followed,
            lambda p: p.last_seen != now and self._is_over(p, state, now, again=False),
        )
        said = [
            self._observation(place, Phase.END, now, self._why(place, state, now))
            for place in (*ended, *missed)
            if place.told.is_open
        ]
        judged = [self._advance(place, now) for place in open_]
        said += [self._observation(place, phase, now) for place, phase in judged if phase]
        return StandingState(tuple(place for place, _ in judged), births, now), said

    def close(self, state: StandingState, now: datetime, cause: str) -> list[Observation]:
        return [
            self._observation(place, Phase.END, now, cause)
            for place in state.places
            if place.told.is_open
        ]

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.settings.grace)

    def _patience(self, place: Place) -> timedelta:
        return place.patience(self._grace, timedelta(seconds=self.settings.memory))

    def _is_over(self, place: Place, state: StandingState, now: datetime, again: bool) -> bool:
        return is_over(place.last_seen, state.looked_at, now, self._patience(place), again)

    def _why(self, place: Place, state: StandingState, now: datetime) -> str:
        return why_over(state.looked_at, now, self._patience(place))

    def _advance(self, place: Place, now: datetime) -> tuple[Place, Phase | None]:
        long_enough = now - place.started_at >= timedelta(seconds=self.settings.dwell)
        told, phase = place.told.step(long_enough and place.last_seen == now, now, self.new_id)
        return replace(place, told=told), phase

    def _observation(
        self, place: Place, phase: Phase, now: datetime, cause: str = ""
    ) -> Observation:
        return Observation(
            observation_id=place.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=place.started_at,
            triggered_at=place.told.triggered_at or now,
            ended_at=place.last_seen if phase is Phase.END else None,
            dwell_s=(now - place.started_at).total_seconds(),
            label=place.track.label,
            confidence=place.confidence,
            tracks=place.tracks,
            boxes=(place.track.box,),
            cause=cause,
        )


def split(
    places: Sequence[Place], wanted: Callable[[Place], bool]
) -> tuple[list[Place], list[Place]]:
    """Those that are, those that are not."""
    return [p for p in places if wanted(p)], [p for p in places if not wanted(p)]
