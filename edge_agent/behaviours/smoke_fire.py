"""Smoke or fire (烟火): most frames of a short while show it. One observation a zone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.emergency_settings import SmokeFireSettings
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.telling import UNTOLD, Telling
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase

LONGEST = 5
"""A camera too slow for enough frames within the window is judged by its last ones, as long as
they came within so many windows."""


@dataclass(frozen=True)
class Blaze:
    """What was told."""

    told: Telling
    started_at: datetime
    last_seen: datetime
    here: tuple[Track, ...]
    """the last time it was seen"""
    confidence: float
    """the highest score"""


@dataclass(frozen=True)
class SmokeFireState:
    looks: tuple[tuple[datetime, bool], ...] = ()
    """When was looked, and whether it was there."""
    blaze: Blaze | None = None


@dataclass(frozen=True)
class SmokeFire:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: SmokeFireSettings
    area: ZoneSettings
    new_id: NewId
    event_type: str = "smoke_fire"
    initial: SmokeFireState = SmokeFireState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: SmokeFireState, tracks: Sequence[Track], now: datetime
    ) -> tuple[SmokeFireState, list[Observation]]:
        here = tuple(members(self.settings, self.area, tracks))
        looked_at = state.looks[-1][0] if state.looks else None
        said: list[Observation] = []
        blaze = state.blaze
        grace = timedelta(seconds=self.settings.grace)
        if blaze and is_over(blaze.last_seen, looked_at, now, grace, bool(here)):
            said.append(self._say(blaze, Phase.END, now, why_over(looked_at, now, grace)))
            blaze = None
        looks = self._kept((*state.looks, (now, bool(here))))
        blaze, phase = self._advance(blaze, looks, here, now)
        if blaze and phase:
            said.append(self._say(blaze, phase, now))
        return SmokeFireState(looks, blaze), said

    def close(self, state: SmokeFireState, now: datetime, cause: str) -> list[Observation]:
        return [self._say(state.blaze, Phase.END, now, cause)] if state.blaze else []

    def _kept(self, looks: tuple[tuple[datetime, bool], ...]) -> tuple[tuple[datetime, bool], ...]:
        """Those within the window, or the last few of a slow camera."""
        now, window = looks[-1][0], timedelta(seconds=self.settings.window)
        within = [row for row in looks if now - row[0] <= window]
        last = [row for row in looks if now - row[0] <= LONGEST * window][-self.settings.frames :]
        return tuple(within if len(within) >= len(last) else last)

    def _advance(
        self,
        blaze: Blaze | None,
        looks: tuple[tuple[datetime, bool], ...],
        here: tuple[Track, ...],
        now: datetime,
    ) -> tuple[Blaze | None, Phase | None]:
        if blaze is None:
            return self._begin(looks, here, now)
        if here:
            best = max(blaze.confidence, *(track.score for track in here))
            blaze = replace(blaze, here=here, last_seen=now, confidence=best)
        told, phase = blaze.told.step(True, now, self.new_id)
        return replace(blaze, told=told), phase

    def _begin(
        self, looks: tuple[tuple[datetime, bool], ...], here: tuple[Track, ...], now: datetime
    ) -> tuple[Blaze | None, Phase | None]:
        times = [at for at, there in looks if there]
        enough = len(times) >= max(self.settings.frames, self.settings.share * len(looks))
        if not here or not enough:
            return None, None
        best = max(track.score for track in here)
        told, phase = UNTOLD.step(True, now, self.new_id)
        return Blaze(told, times[0], now, here, best), phase

    def _say(self, blaze: Blaze, phase: Phase, now: datetime, cause: str = "") -> Observation:
        return Observation(
            observation_id=blaze.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=blaze.started_at,
            triggered_at=blaze.told.triggered_at or now,
            ended_at=blaze.last_seen if phase is Phase.END else None,
            dwell_s=(now - blaze.started_at).total_seconds(),
            label=max(blaze.here, key=lambda track: track.score).label,
            count=len(blaze.here),
            confidence=blaze.confidence,
            tracks=tuple(track.id for track in blaze.here if track.id >= 0),
            boxes=tuple(track.box for track in blaze.here),
            cause=cause,
        )


def smoke_fire(settings: SmokeFireSettings, zone: ZoneSettings, new_id: NewId) -> SmokeFire:
    """The behaviour ``smoke_fire`` of ``zone``."""
    return SmokeFire(settings, zone, new_id)
