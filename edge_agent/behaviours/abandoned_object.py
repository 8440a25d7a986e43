"""Abandoned object (遗留物): something put down stands still, and who put it down is away.

Its owner is who was near when it appeared, and whoever a tracker takes for someone new right
beside it while the owner is. Passers-by are not: they were seen elsewhere before. Something of
unknown kind counts only if it had an owner twice its size, so neither light nor a person who
stands still is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.boxes import area, is_near
from edge_agent.behaviours.emergency_settings import AbandonedObjectSettings
from edge_agent.behaviours.places import Births, Follow, Place
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.telling import UNTOLD
from edge_agent.tracking import UNKNOWN
from edge_agent.types import UNKNOWN_KIND, Track
from linli_contract.payloads import Observation, Phase

TRAIL = timedelta(seconds=10)
"""Who was near so long before a thing is seen to stand still may have put it down: it stands a
few seconds before it is known to."""
TRAIL_STEP = timedelta(seconds=0.5)
"""Somebody walking is near for longer."""
LOST = timedelta(seconds=5)
"""An owner not seen for so long, and not seen elsewhere, is away."""
OWNER_SIZE = 2.0
"""A thing of unknown kind is smaller than its owner by this factor of area."""


@dataclass(frozen=True)
class Thing:
    """Something that stands still, and whose it is."""

    place: Place
    owners: frozenset[int]
    strangers: frozenset[int]
    """Ids in the frame that were seen elsewhere."""
    attended_at: datetime
    """The last time an owner was near."""
    alone_since: datetime
    """The same, or when what is told began."""

    @property
    def is_told(self) -> bool:
        return self.place.told.is_open


@dataclass(frozen=True)
class AbandonedState:
    things: tuple[Thing, ...] = ()
    births: Births = field(default_factory=Births)
    trail: tuple[tuple[datetime, tuple[Track, ...]], ...] = ()
    """Who was where, in steps, over :data:`TRAIL`."""
    looked_at: datetime | None = None
    """Capture time of the last frame."""


@dataclass(frozen=True)
class AbandonedObject:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: AbandonedObjectSettings
    area: ZoneSettings
    new_id: NewId
    event_type: str = "abandoned_object"
    initial: AbandonedState = AbandonedState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: AbandonedState, tracks: Sequence[Track], now: datetime
    ) -> tuple[AbandonedState, list[Observation]]:
        people = tuple(track for track in tracks if track.label in self.settings.owners)
        births, trail = state.births.after(tracks, now), _longer(state.trail, people, now)
        gone, lasting = self._parted(state.things, state, now, again=True)
        known, new = self._followed(lasting, tracks, births, now)
        missed, open_ = self._parted([self._attended(t, people, now) for t in known], state, now)
        said = [
            self._observation(thing, Phase.END, now, self._why(thing, state, now))
            for thing in (*gone, *missed)
            if thing.is_told
        ]
        judged = [self._advance(thing, now) for thing in open_]
        said += [o for _, observations in judged for o in observations]
        things = [thing for thing, _ in judged]
        things += [thing for place in new if (thing := self._born(place, trail, now))]
        return AbandonedState(tuple(things), births, trail, now), said

    def close(self, state: AbandonedState, now: datetime, cause: str) -> list[Observation]:
        told = [thing for thing in state.things if thing.is_told]
        return [self._observation(thing, Phase.END, now, cause) for thing in told]

    def _why(self, thing: Thing, state: AbandonedState, now: datetime) -> str:
        return why_over(state.looked_at, now, self._patience(thing))

    def _followed(
        self, things: Sequence[Thing], tracks: Sequence[Track], births: Births, now: datetime
    ) -> tuple[list[Thing], list[Place]]:
        """The things where they now are, and the places of new ones."""
        here = members(self.settings, self.area, tracks)
        grace = timedelta(seconds=self.settings.grace)
        places = Follow(grace).step([t.place for t in things], here, tracks, births, now)
        known = [replace(t, place=place) for t, place in zip(things, places, strict=False)]
        return known, places[len(things) :]

    def _parted(
        self, things: Sequence[Thing], state: AbandonedState, now: datetime, again: bool = False
    ) -> tuple[list[Thing], list[Thing]]:
        """Those no longer there, those still there."""
        over = [
            (again or thing.place.last_seen != now)
            and is_over(thing.place.last_seen, state.looked_at, now, self._patience(thing), again)
            for thing in things
        ]
        return (
            [thing for thing, is_gone in zip(things, over, strict=True) if is_gone],
            [thing for thing, is_gone in zip(things, over, strict=True) if not is_gone],
        )

    def _patience(self, thing: Thing) -> timedelta:
        settings = self.settings
        return thing.place.patience(
            timedelta(seconds=settings.grace), timedelta(seconds=settings.memory)
        )

    def _is_beside(self, person: Track, place: Place) -> bool:
        return is_near(person.box, place.box, self.settings.owner_within)

    def _born(
        self, place: Place, trail: Sequence[tuple[datetime, tuple[Track, ...]]], now: datetime
    ) -> Thing | None:
        """The thing in a new place with its owners; None for what is nobody's."""
        unknown = place.track.label == UNKNOWN_KIND
        owners: set[int] = set()
        attended_at: datetime | None = None if unknown else now
        for at, people in trail:
            for person in people:
                small = not unknown or OWNER_SIZE * area(place.box) <= area(person.box)
                if small and self._is_beside(person, place):
                    owners |= {person.id} - {UNKNOWN}
                    attended_at = at
        if attended_at is None:
            return None
        present = frozenset(person.id for person in trail[-1][1])
        return Thing(place, frozenset(owners), present - owners, attended_at, attended_at)

    def _attended(self, thing: Thing, people: Sequence[Track], now: datetime) -> Thing:
        ids = frozenset(person.id for person in people)
        near = frozenset(person.id for person in people if self._is_beside(person, thing.place))
        strangers = ((thing.strangers & ids) | (ids - near)) - thing.owners - {UNKNOWN}
        owners = thing.owners
        is_attended = bool(owners & near)
        if now - thing.attended_at <= LOST:
            is_attended = is_attended or bool(near - strangers)
            owners |= near - strangers - {UNKNOWN}
        attended_at = now if is_attended else thing.attended_at
        alone_since = thing.alone_since if thing.is_told else attended_at
        return replace(
            thing,
            owners=owners,
            strangers=strangers,
            attended_at=attended_at,
            alone_since=alone_since,
        )

    def _advance(self, thing: Thing, now: datetime) -> tuple[Thing, list[Observation]]:
        place = thing.place
        if thing.is_told and thing.attended_at == now:  # its owner came back
            ended = [self._observation(thing, Phase.END, now, "left")]
            return replace(thing, place=replace(place, told=UNTOLD), alone_since=now), ended
        ripe = now - thing.alone_since >= timedelta(seconds=self.settings.dwell)
        told, phase = place.told.step(ripe and place.last_seen == now, now, self.new_id)
        thing = replace(thing, place=replace(place, told=told))
        return thing, [self._observation(thing, phase, now)] if phase else []

    def _observation(
        self, thing: Thing, phase: Phase, now: datetime, cause: str = ""
    ) -> Observation:
        place = thing.place
        return Observation(
            observation_id=place.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=thing.alone_since,
            triggered_at=place.told.triggered_at or now,
            ended_at=self._ended_at(thing, now) if phase is Phase.END else None,
            dwell_s=(now - thing.alone_since).total_seconds(),
            label=place.track.label,
            confidence=place.confidence,
            tracks=place.tracks,
            boxes=(place.track.box,),
            cause=cause,
        )

    @staticmethod
    def _ended_at(thing: Thing, now: datetime) -> datetime:
        return now if thing.attended_at == now else thing.place.last_seen


def _longer(
    trail: Sequence[tuple[datetime, tuple[Track, ...]]], people: tuple[Track, ...], now: datetime
) -> tuple[tuple[datetime, tuple[Track, ...]], ...]:
    kept = [row for row in trail if now - row[0] <= TRAIL]
    if len(kept) >= 2 and kept[-1][0] - kept[-2][0] < TRAIL_STEP:
        kept.pop()
    return (*kept, (now, people))


def abandoned_object(
    settings: AbandonedObjectSettings, zone: ZoneSettings, new_id: NewId
) -> AbandonedObject:
    """The behaviour ``abandoned_object`` of ``zone``."""
    return AbandonedObject(settings, zone, new_id)
