"""Fall (跌倒): someone who was upright lies, for the hold. One observation a fall.

Who lies is told by a model that knows postures, or by a box that became low and wide. Models take
still things for people lying; so the person must have been upright shortly before, and must not
lie where something lay already.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import RENEWAL, NewId, is_over, members, why_over
from edge_agent.behaviours.boxes import SAME, area, shared
from edge_agent.behaviours.emergency_settings import FallSettings
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.stays import Known, Stay, follow, remember
from edge_agent.types import FALLEN, Track
from linli_contract.payloads import Box, Observation, Phase

UPRIGHT = 1.2
"""Height over width of a box from which someone is upright: standing 2-4, sitting 1.2-2."""
FLAT = 0.8
"""Height over width up to which someone may lie, whatever the model says."""
SHRUNK = 0.6
"""Share of the upright height that is left of someone lying."""
LOWER = 0.85
"""The same where a model says so; towards the camera a body shortens least."""
UPRIGHT_S = 0.5
"""So long someone must be seen upright: one odd box is nothing."""
SHORTLY = timedelta(seconds=10)
"""A fall begins upright so long ago at most; who lies down slowly goes to bed."""
EDGE = 0.01
"""A box this near to the frame's edge may be cut: its form says nothing."""
LAIN = timedelta(minutes=10)
"""What lay somewhere without having been upright is remembered for so long."""
MOST = 20
"""Places remembered, the newest."""


@dataclass(frozen=True)
class Lain:
    """Where something lies that was not upright before: a still thing, or someone in bed."""

    box: Box
    last_seen: datetime


@dataclass(frozen=True)
class Person:
    """Someone in the zone."""

    stay: Stay
    upright_s: float = 0.0
    """How long seen upright."""
    upright_at: datetime | None = None
    height: float = 0.0
    """of the box while upright, smoothed"""
    lying_since: datetime | None = None
    lying_at: datetime | None = None
    """The last time seen lying."""
    risen_at: datetime | None = None
    """Since when upright after lying."""
    lain: Box | None = None
    """Where they lay before they were upright."""


@dataclass(frozen=True)
class FallState:
    people: tuple[Person, ...] = ()
    known: Mapping[int, Known] = field(default_factory=dict)
    lay: tuple[Lain, ...] = ()
    looked_at: datetime | None = None
    """Capture time of the last frame."""


@dataclass(frozen=True)
class Fall:
    """See :class:`edge_agent.behaviours.base.Behaviour`."""

    settings: FallSettings
    area: ZoneSettings
    new_id: NewId
    event_type: str = "fall"
    initial: FallState = FallState()

    @property
    def zone(self) -> str:
        return self.area.name

    def step(
        self, state: FallState, tracks: Sequence[Track], now: datetime
    ) -> tuple[FallState, list[Observation]]:
        known = remember(state.known, tracks, now)
        expired = [p for p in state.people if self._is_over(p, state, now, again=True)]
        lasting = [p for p in state.people if p not in expired]
        lay, free = _told_apart(state.lay, members(self.settings, self.area, tracks), now)
        followed = self._followed(lasting, free, tracks, known, now)
        missed = [
            p
            for p in followed
            if p.stay.last_seen != now and self._is_over(p, state, now, again=False)
        ]
        cause = why_over(state.looked_at, now, self._grace)
        said = [self._say(p, Phase.END, now, cause) for p in (*expired, *missed) if _is_told(p)]
        seen = [self._judged(p, now) for p in followed if p not in missed]
        advanced = [self._advance(person, now) for person in seen]
        said += [o for _, observations in advanced for o in observations]
        people = tuple(person for person, _ in advanced)
        return FallState(people, known, _lay(lay, people, now), now), said

    def close(self, state: FallState, now: datetime, cause: str) -> list[Observation]:
        return [self._say(p, Phase.END, now, cause) for p in state.people if _is_told(p)]

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.settings.grace)

    def _is_over(self, person: Person, state: FallState, now: datetime, again: bool) -> bool:
        return is_over(person.stay.last_seen, state.looked_at, now, self._grace, again)

    def _followed(
        self,
        people: Sequence[Person],
        here: Sequence[Track],
        tracks: Sequence[Track],
        known: Mapping[int, Known],
        now: datetime,
    ) -> list[Person]:
        ids = frozenset(track.id for track in tracks)
        stays = follow([person.stay for person in people], here, ids, now, known)
        old = [replace(p, stay=stay) for p, stay in zip(people, stays, strict=False)]
        return old + [Person(stay) for stay in stays[len(people) :]]

    def _judged(self, person: Person, now: datetime) -> Person:
        """With what this frame says of the person."""
        if person.stay.last_seen != now:
            return person
        if _is_upright(person.stay.track):
            return self._upright(person, now)
        if not _is_lying(person):
            return person
        if person.lying_at is not None and now - person.lying_at <= self._grace:
            return replace(person, lying_at=now, risen_at=None)
        recently = person.upright_at is not None and now - person.upright_at <= SHORTLY
        if not recently or person.upright_s < UPRIGHT_S:
            lain = person.stay.track.box
            return replace(person, lying_since=None, lying_at=None, upright_s=0.0, lain=lain)
        return replace(person, lying_since=now, lying_at=now)

    def _upright(self, person: Person, now: datetime) -> Person:
        box = person.stay.track.box
        height = box[3] - box[1]
        steady = person.upright_at is not None and now - person.upright_at <= self._grace
        before = person.upright_at if steady else None
        passed = (now - before).total_seconds() if before else 0.0
        return replace(
            person,
            upright_s=min(person.upright_s + passed, 60.0),
            upright_at=now,
            height=0.7 * person.height + 0.3 * height if before else height,
            risen_at=(person.risen_at or now) if person.lying_since else None,
        )

    def _advance(self, person: Person, now: datetime) -> tuple[Person, list[Observation]]:
        if person.lying_since is None or person.lying_at is None:
            return person, []
        if self._is_up(person, person.lying_at, now):
            ended = [self._say(person, Phase.END, now, "left")] if _is_told(person) else []
            return _up_again(person), ended
        stay = person.stay
        if stay.renewed_at is None:
            held = now - person.lying_since >= timedelta(seconds=self.settings.hold)
            if not held or person.lying_at != now:
                return person, []
            stay = replace(stay, observation_id=self.new_id(), triggered_at=now, renewed_at=now)
            person = replace(person, stay=stay)
            return person, [self._say(person, Phase.START, now)]
        if now - stay.renewed_at >= RENEWAL:
            person = replace(person, stay=replace(stay, renewed_at=now))
            return person, [self._say(person, Phase.UPDATE, now)]
        return person, []

    def _is_up(self, person: Person, lying_at: datetime, now: datetime) -> bool:
        """Seen upright for the grace; before anything is told one odd frame less will do."""
        patience = self._grace if _is_told(person) else timedelta(seconds=UPRIGHT_S)
        risen = person.risen_at is not None and now - person.risen_at >= patience
        return risen or now - lying_at > self._grace

    def _say(self, person: Person, phase: Phase, now: datetime, cause: str = "") -> Observation:
        stay, since = person.stay, person.lying_since or now
        return Observation(
            observation_id=stay.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=since,
            triggered_at=stay.triggered_at or now,
            ended_at=person.lying_at if phase is Phase.END else None,
            dwell_s=(now - since).total_seconds(),
            label=stay.track.label,
            confidence=stay.confidence,
            tracks=stay.tracks,
            boxes=(stay.track.box,),
            cause=cause,
        )


def _is_told(person: Person) -> bool:
    return bool(person.stay.observation_id)


def _up_again(person: Person) -> Person:
    stay = replace(person.stay, observation_id="", triggered_at=None, renewed_at=None)
    return replace(person, stay=stay, lying_since=None, lying_at=None, risen_at=None)


def _is_upright(track: Track) -> bool:
    return track.posture != FALLEN and track.tallness >= UPRIGHT


def _is_lying(person: Person) -> bool:
    """Whether the model says so, or the box became low and wide."""
    track = person.stay.track
    x1, y1, x2, y2 = track.box
    if track.posture == FALLEN:
        is_lower = y2 - y1 <= LOWER * person.height or not person.height
        return track.tallness < UPRIGHT and is_lower
    whole = min(x1, y1) > EDGE and max(x2, y2) < 1 - EDGE
    return whole and track.tallness <= FLAT and y2 - y1 <= SHRUNK * person.height


def _is_same(one: Box, other: Box) -> bool:
    both = shared(one, other)
    return both > SAME * (area(one) + area(other) - both)


def _told_apart(
    lay: Sequence[Lain], here: Sequence[Track], now: datetime
) -> tuple[list[Lain], list[Track]]:
    """What lies where something lay already, kept; and the tracks that are people."""
    kept = [row for row in lay if now - row.last_seen <= LAIN]
    free: list[Track] = []
    for track in here:
        same = [row for row in kept if _is_same(row.box, track.box)]
        if track.posture == FALLEN and same:
            kept = [row for row in kept if row not in same]
            kept.append(Lain(track.box, now))
        else:
            free.append(track)
    return kept, free


def _lay(lay: Sequence[Lain], people: Sequence[Person], now: datetime) -> tuple[Lain, ...]:
    """With who lies and was not upright; without who rose."""
    here = [person for person in people if person.stay.last_seen == now]
    risen = [p.lain for p in here if p.upright_at == now and p.lain is not None]
    left = [row for row in lay if not any(_is_same(row.box, box) for box in risen)]
    new = [Lain(p.lain, now) for p in here if p.lain == p.stay.track.box and not p.lying_since]
    return (*left, *new)[-MOST:]


def fall(settings: FallSettings, zone: ZoneSettings, new_id: NewId) -> Fall:
    """The behaviour ``fall`` of ``zone``."""
    return Fall(settings, zone, new_id)
