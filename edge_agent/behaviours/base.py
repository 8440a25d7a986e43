"""What every behaviour is, and the one place that keeps its state."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.watch_settings import WatchSettings
from edge_agent.types import Track
from edge_agent.zones import is_member
from linli_contract.payloads import Observation

S = TypeVar("S")
NewId = Callable[[], str]
"""Mints an observation id (UUIDv7)."""

FRAME_GAP = timedelta(seconds=2)
"""Between two frames nearer than this nobody is taken to have left, whatever the grace: detectors
down to 1 frame a second, one frame lost."""


class Behaviour(Protocol[S]):
    """A pure function of state, tracks and time; ``S`` is immutable."""

    @property
    def event_type(self) -> str:
        """Name in ``linli_contract.event_types``."""

    @property
    def zone(self) -> str: ...

    @property
    def initial(self) -> S:
        """The state before the first frame."""

    def step(self, state: S, tracks: Sequence[Track], now: datetime) -> tuple[S, list[Observation]]:
        """The state after a frame captured at ``now`` (never earlier than the last), and what
        started, is renewed or ended with it."""

    def close(self, state: S, now: datetime, cause: str) -> list[Observation]:
        """The ends of what is open."""


class Watcher(Protocol):
    """A behaviour with its state kept."""

    @property
    def event_type(self) -> str: ...

    def step(self, tracks: Sequence[Track], now: datetime) -> list[Observation]:
        """What started, is renewed or ended with the frame captured at ``now``."""

    def close(self, now: datetime, cause: str) -> list[Observation]:
        """The ends of what is open; begins anew."""


class Watch(Generic[S]):
    """Keeps the state of one behaviour; unchanged when a step raises."""

    def __init__(self, behaviour: Behaviour[S]) -> None:
        self._behaviour = behaviour
        self._state = behaviour.initial

    @property
    def event_type(self) -> str:
        return self._behaviour.event_type

    def step(self, tracks: Sequence[Track], now: datetime) -> list[Observation]:
        self._state, observations = self._behaviour.step(self._state, tracks, now)
        return observations

    def close(self, now: datetime, cause: str) -> list[Observation]:
        observations = self._behaviour.close(self._state, now, cause)
        self._state = self._behaviour.initial
        return observations


def members(
    settings: WatchSettings,
    zone: ZoneSettings,
    tracks: Sequence[Track],
    going_on: frozenset[int] = frozenset(),
) -> list[Track]:
    """The tracks in the zone that count; those of the ids ``going_on`` whatever their score: a
    detector that is less sure for a while has not seen them leave."""
    return [
        track
        for track in tracks
        if track.label in settings.labels
        and (track.score >= settings.min_confidence or track.id in going_on)
        and track.box[3] - track.box[1] >= settings.min_height
        and is_member(zone.polygon, track.box, track.label, zone.overlap)
    ]


def is_over(
    last_seen: datetime, looked_at: datetime | None, now: datetime, grace: timedelta, again: bool
) -> bool:
    """Whether an absence since ``last_seen`` ends a stay.

    Args:
        last_seen: capture time of the last frame of the stay.
        looked_at: capture time of the last frame at all.
        now: capture time of this frame.
        grace: longest absence that does not end it.
        again: seen in this frame (again).
    """
    no_frame_missed = again and last_seen == looked_at
    return now - last_seen > (max(grace, FRAME_GAP) if no_frame_missed else grace)


def why_over(looked_at: datetime | None, now: datetime, grace: timedelta) -> str:
    """``left`` when we watched them gone, ``unknown`` when we did not look for so long."""
    blind = looked_at is not None and now - looked_at > max(grace, FRAME_GAP)
    return "unknown" if blind else "left"
