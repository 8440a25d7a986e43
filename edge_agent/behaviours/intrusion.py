"""Intrusion (区域入侵): someone stays in the zone for the dwell. One observation a stay.

Loitering, an e-bike indoors and a stray dog are the same with other limits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.stays import Known, Stay, follow, remember
from edge_agent.behaviours.watch_settings import StaySettings
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase


@dataclass(frozen=True)
class IntrusionState:
    stays: tuple[Stay, ...] = ()
    looked_at: datetime | None = None
    """Capture time of the last frame."""
    known: Mapping[int, Known] = field(default_factory=dict)
    """The ids of late, inside and outside."""


def everything(_one: Track, _tracks: Sequence[Track]) -> bool:
    """Whatever is in the zone counts."""
    return True


@dataclass(frozen=True)
class Intrusion:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: StaySettings
    area: ZoneSettings
    new_id: NewId
    event_type: str = "intrusion"
    counts: Callable[[Track, Sequence[Track]], bool] = everything
    """Whether a track in the zone counts, beside all tracks of the frame."""
    initial: IntrusionState = IntrusionState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: IntrusionState, tracks: Sequence[Track], now: datetime
    ) -> tuple[IntrusionState, list[Observation]]:
        going_on = frozenset(stay.identity for stay in state.stays if stay.identity is not None)
        inside = members(self.settings, self.area, tracks, going_on)
        here = [track for track in inside if self.counts(track, tracks)]
        ids_in_frame = frozenset(track.id for track in tracks)
        known = remember(state.known, tracks, now)

        def over(stay: Stay, again: bool) -> bool:
            return is_over(stay.last_seen, state.looked_at, now, self._grace, again)

        expired, lasting = _split(state.stays, lambda stay: over(stay, again=True))
        missed, open_ = _split(
            follow(lasting, here, ids_in_frame, now, known),
            lambda stay: stay.last_seen != now and over(stay, again=False),
        )
        cause = why_over(state.looked_at, now, self._grace)
        stays, said = self._judge(open_, now)
        return IntrusionState(stays, now, known), self._ends(expired + missed, now, cause) + said

    def close(self, state: IntrusionState, now: datetime, cause: str) -> list[Observation]:
        return self._ends(state.stays, now, cause)

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.settings.grace)

    def _judge(
        self, stays: list[Stay], now: datetime
    ) -> tuple[tuple[Stay, ...], list[Observation]]:
        after: list[Stay] = []
        said: list[Observation] = []
        for stay in stays:
            stay, phase = self._advance(stay, now)
            after.append(stay)
            if phase is not None:
                said.append(self._observation(stay, phase, now))
        return tuple(after), said

    def _advance(self, stay: Stay, now: datetime) -> tuple[Stay, Phase | None]:
        long_enough = now - stay.started_at >= timedelta(seconds=self.settings.dwell)
        told, phase = stay.told.step(long_enough and stay.last_seen == now, now, self.new_id)
        return replace(stay, told=told), phase

    def _ends(self, stays: Sequence[Stay], now: datetime, cause: str) -> list[Observation]:
        return [
            self._observation(stay, Phase.END, now, cause) for stay in stays if stay.told.is_open
        ]

    def _observation(self, stay: Stay, phase: Phase, now: datetime, cause: str = "") -> Observation:
        return Observation(
            observation_id=stay.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=stay.started_at,
            triggered_at=stay.told.triggered_at or now,
            ended_at=stay.last_seen if phase is Phase.END else None,
            dwell_s=(now - stay.started_at).total_seconds(),
            label=stay.track.label,
            confidence=stay.confidence,
            tracks=stay.tracks,
            boxes=(stay.track.box,),
            cause=cause,
        )


def _split(stays: Sequence[Stay], wanted: Callable[[Stay], bool]) -> tuple[list[Stay], list[Stay]]:
    """Those that are, those that are not."""
    return [s for s in stays if wanted(s)], [s for s in stays if not wanted(s)]


def intrusion(settings: StaySettings, zone: ZoneSettings, new_id: NewId) -> Intrusion:
    """The behaviour ``intrusion`` of ``zone``."""
    return Intrusion(settings, zone, new_id)
