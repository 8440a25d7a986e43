"""Fall (跌倒): someone who was upright lies, for the hold. One observation a fall.

Who lies is told by a model that knows postures, or by a box that became low and wide. Models take
still things for people lying; so the person must have been upright shortly before, and must not
lie where something lay already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.boxes import SAME, area, shared
from edge_agent.behaviours.emergency_settings import FallSettings
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.stays import Stay, new_stay
from edge_agent.behaviours.telling import UNTOLD
from edge_agent.tracking import UNKNOWN
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
ANEW = timedelta(seconds=2)
"""A tracker may take who falls for someone new. Someone who began so short a time ago, where
someone was lost so short a time ago, is the same."""
TOUCHING = 0.1
"""Intersection over union of the boxes of someone upright and lying at the same place: a body three
times as long as wide that turns about its feet keeps 0.1 to 0.2."""
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
    is_still: bool = False
    """Where they began something lay already."""


@dataclass(frozen=True)
class FallState:
    people: tuple[Person, ...] = ()
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
        expired = [p for p in state.people if self._is_over(p, state, now, again=True)]
        lasting = [p for p in state.people if p not in expired]
        here = members(self.settings, self.area, tracks)
        lay, still, free = _told_apart(state.lay, here, now)
        ids = frozenset(track.id for track in tracks)
        down, others = _settled(lasting, still, ids, now)
        followed = _rejoined(down + _followed(others, free, ids, now), now)
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
        return FallState(people, _lay(lay, people, now), now), said

    def close(self, state: FallState, now: datetime, cause: str) -> list[Observation]:
        return [self._say(p, Phase.END, now, cause) for p in state.people if _is_told(p)]

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.settings.grace)

    def _is_over(self, person: Person, state: FallState, now: datetime, again: bool) -> bool:
        return is_over(person.stay.last_seen, state.looked_at, now, self._grace, again)

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
        held = now - person.lying_since >= timedelta(seconds=self.settings.hold)
        told, phase = person.stay.told.step(held and person.lying_at == now, now, self.new_id)
        person = replace(person, stay=replace(person.stay, told=told))
        return person, [self._say(person, phase, now)] if phase else []

    def _is_up(self, person: Person, lying_at: datetime, now: datetime) -> bool:
        """Seen upright for the grace; before anything is told one odd frame less will do."""
        patience = self._grace if _is_told(person) else timedelta(seconds=UPRIGHT_S)
        risen = person.risen_at is not None and now - person.risen_at >= patience
        return risen or now - lying_at > self._grace

    def _say(self, person: Person, phase: Phase, now: datetime, cause: str = "") -> Observation:
        stay, since = person.stay, person.lying_since or now
        return Observation(
            observation_id=stay.told.observation_id,
            phase=phase,
            zone=self.area.name,
            started_at=since,
            triggered_at=stay.told.triggered_at or now,
            ended_at=person.lying_at if phase is Phase.END else None,
            dwell_s=(now - since).total_seconds(),
            label=stay.track.label,
            confidence=stay.confidence,
            tracks=stay.tracks,
            boxes=(stay.track.box,),
            cause=cause,
        )


def _is_told(person: Person) -> bool:
    return person.stay.told.is_open


def _up_again(person: Person) -> Person:
    stay = replace(person.stay, told=UNTOLD)
    return replace(person, stay=stay, lying_since=None, lying_at=None, risen_at=None)


def _followed(
    people: Sequence[Person], here: Sequence[Track], ids: frozenset[int], now: datetime
) -> list[Person]:
    """All people after a frame: by their track, then by where they were, then the new ones. What
    lies without having been upright is only what rises there, or lies in the same place."""
    tracks = {track.id: track for track in here if track.id != UNKNOWN}
    same = [_seen(p, tracks.pop(p.stay.track.id, None), now) for p in people]
    after = _rejoined(same, now)
    free = [track for track in here if track.id == UNKNOWN or track.id in tracks]
    rows = sorted(
        (-alike, i, j)
        for i, person in enumerate(after)
        for j, track in enumerate(free)
        if person.stay.last_seen != now and person.stay.track.id not in ids - {UNKNOWN}
        if _is_upright(track) or not _is_down(person) or _is_same(person.stay.track.box, track.box)
        if (alike := _iou(person.stay.track.box, track.box)) >= TOUCHING
    )
    taken: set[int] = set()
    for _, i, j in rows:
        if after[i].stay.last_seen != now and j not in taken:
            after[i] = _seen(after[i], free[j], now)
            taken.add(j)
    return after + [Person(new_stay(t, now)) for j, t in enumerate(free) if j not in taken]


def _seen(person: Person, track: Track | None, now: datetime) -> Person:
    return replace(person, stay=person.stay.seen(track, now)) if track else person


def _settled(
    people: Sequence[Person], still: Sequence[Track], ids: frozenset[int], now: datetime
) -> tuple[list[Person], list[Person]]:
    """Who still lies where they lay, and the others: nobody upright becomes a thing that lay."""
    lain = [person for person in people if _is_down(person)]
    after = _followed(lain, still, ids, now)
    after = [replace(p, is_still=True) if p.stay.started_at == now else p for p in after]
    down = [p for p in after if p.stay.last_seen == now]
    return down, [p for p in people if p not in lain] + [p for p in after if p not in down]


def _rejoined(people: Sequence[Person], now: datetime) -> list[Person]:
    """Whoever was lost upright and appeared as someone new is one."""
    after = list(people)
    for new in people:
        lost = [p for p in after if _may_be(p, new, now)]
        if lost:
            best = max(lost, key=lambda p: p.stay.last_seen)
            after[after.index(best)] = _seen(best, new.stay.track, now)
            after.remove(new)
    return after


def _may_be(lost: Person, new: Person, now: datetime) -> bool:
    began, gone = new.stay.started_at, lost.stay.last_seen
    return (
        new.stay.last_seen == now
        and gone != now
        and not new.is_still
        and new.upright_s < UPRIGHT_S <= lost.upright_s
        and max(now - began, now - gone) <= ANEW
        and _iou(new.stay.track.box, lost.stay.track.box) >= TOUCHING
    )


def _is_down(person: Person) -> bool:
    """Whether they lay since they are known."""
    return person.lain is not None and not person.upright_s


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
    return _iou(one, other) > SAME


def _iou(one: Box, other: Box) -> float:
    both = shared(one, other)
    return both / max(area(one) + area(other) - both, 1e-9)


def _told_apart(
    lay: Sequence[Lain], here: Sequence[Track], now: datetime
) -> tuple[list[Lain], list[Track], list[Track]]:
    """Where something lies, the tracks that lie where something lay already, and the others."""
    kept = [row for row in lay if now - row.last_seen <= LAIN]
    still: list[Track] = []
    for track in here:
        same = [row for row in kept if _is_same(row.box, track.box)]
        if track.posture == FALLEN and same:
            kept = [row for row in kept if row not in same] + [Lain(track.box, now)]
            still.append(track)
    return kept, still, [track for track in here if track not in still]


def _lay(lay: Sequence[Lain], people: Sequence[Person], now: datetime) -> tuple[Lain, ...]:
    """With who lies and was not upright; without who rose."""
    here = [person for person in people if person.stay.last_seen == now]
    risen = [p.lain for p in here if p.upright_at == now and p.lain is not None]
    risen += [p.stay.track.box for p in here if p.lying_since]
    left = [row for row in lay if not any(_is_same(row.box, box) for box in risen)]
    new = [
        Lain(p.lain, now)
        for p in here
        if p.lain == p.stay.track.box and not p.lying_since and now - p.stay.started_at > ANEW
    ]
    return (*left, *new)[-MOST:]


def fall(settings: FallSettings, zone: ZoneSettings, new_id: NewId) -> Fall:
    """The behaviour ``fall`` of ``zone``."""
    return Fall(settings, zone, new_id)
