"""Crowd (人员聚集): at least N in the zone for the dwell. One observation a crowd."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.settings import CrowdSettings, ZoneSettings
from edge_agent.behaviours.telling import UNTOLD, Telling
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase


@dataclass(frozen=True)
class CrowdState:
    here: tuple[Track, ...] = ()
    """The last time there were enough."""
    started_at: datetime | None = None
    """None: there are not enough."""
    enough_at: datetime | None = None
    """The last time there were enough."""
    looked_at: datetime | None = None
    """Capture time of the last frame."""
    told: Telling = UNTOLD


@dataclass(frozen=True)
class Crowd:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: CrowdSettings
    area: ZoneSettings
    new_id: NewId
    event_type: str = "crowd"
    initial: CrowdState = CrowdState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: CrowdState, tracks: Sequence[Track], now: datetime
    ) -> tuple[CrowdState, list[Observation]]:
        here = tuple(members(self.settings, self.area, tracks))
        enough = len(here) >= self.settings.count
        said: list[Observation] = []
        if self._is_over(state, now, enough):
            said += self.close(state, now, why_over(state.looked_at, now, self._grace))
            state = self.initial
        if enough:
            state = replace(state, here=here, started_at=state.started_at or now, enough_at=now)
        told, phase = state.told.step(enough and self._is_long(state, now), now, self.new_id)
        state = replace(state, looked_at=now, told=told)
        if phase is not None:
            said.append(self._observation(state, phase, now))
        return state, said

    def close(self, state: CrowdState, now: datetime, cause: str) -> list[Observation]:
        if not state.told.is_open:
            return []
        return [self._observation(state, Phase.END, now, cause)]

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.settings.grace)

    def _is_over(self, state: CrowdState, now: datetime, enough: bool) -> bool:
        return state.enough_at is not None and is_over(
            state.enough_at, state.looked_at, now, self._grace, enough
        )

    def _is_long(self, state: CrowdState, now: datetime) -> bool:
        since = state.started_at
        return since is not None and now - since >= timedelta(seconds=self.settings.dwell)

    def _observation(
        self, state: CrowdState, phase: Phase, now: datetime, cause: str = ""
    ) -> Observation:
        return Observation(
            observation_id=state.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=state.started_at or now,
            triggered_at=state.told.triggered_at or now,
            ended_at=state.enough_at if phase is Phase.END else None,
            dwell_s=(now - (state.started_at or now)).total_seconds(),
            label=state.here[0].label,
            count=len(state.here),
            confidence=max(track.score for track in state.here),
            tracks=tuple(track.id for track in state.here if track.id >= 0),
            boxes=tuple(track.box for track in state.here),
            cause=cause,
        )


def crowd(settings: CrowdSettings, zone: ZoneSettings, new_id: NewId) -> Crowd:
    """The behaviour ``crowd`` of ``zone``."""
    return Crowd(settings, zone, new_id)
