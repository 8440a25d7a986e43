"""Fall (跌倒): someone who was upright lies, for the hold. One observation a fall.

Who lies is told by a model that knows postures, or by a box that became low and wide. Models take
still things for people lying; so the person must have been upright shortly before, and must not
lie where something lay already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.base import NewId, is_over, members, why_over
from edge_agent.behaviours.emergency_settings import FallSettings
from edge_agent.behaviours.fall_following import (
    Lain,
    followed_people,
    lying_now,
    rejoined,
    settled,
    told_apart,
)
from edge_agent.behaviours.fall_person import UPRIGHT_S, Person, is_lying, is_told, is_upright
from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.behaviours.telling import UNTOLD
from edge_agent.types import Track
from linli_contract.payloads import Observation, Phase

SHORTLY = timedelta(seconds=10)
"""A fall begins upright so long ago at most; who lies down slowly goes to bed."""


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
        lay, still, free = told_apart(state.lay, here, now)
        ids = frozenset(track.id for track in tracks)
        down, others = settled(lasting, still, ids, now)
        followed = rejoined(down + followed_people(others, free, ids, now), now)
        missed = [
            p
            for p in followed
            if p.stay.last_seen != now and self._is_over(p, state, now, again=False)
        ]
        cause = why_over(state.looked_at, now, self._grace)
        said = [self._say(p, Phase.END, now, cause) for p in (*expired, *missed) if is_told(p)]
        seen = [self._judged(p, now) for p in followed if p not in missed]
        advanced = [self._advance(person, now) for person in seen]
        said += [o for _, observations in advanced for o in observations]
        people = tuple(person for person, _ in advanced)
        return FallState(people, lying_now(lay, people, now), now), said

    def close(self, state: FallState, now: datetime, cause: str) -> list[Observation]:
        return [self._say(p, Phase.END, now, cause) for p in state.people if is_told(p)]

    @property
    def _grace(self) -> timedelta:
        return timedelta(seconds=self.settings.grace)

    def _is_over(self, person: Person, state: FallState, now: datetime, again: bool) -> bool:
        return is_over(person.stay.last_seen, state.looked_at, now, self._grace, again)

    def _judged(self, person: Person, now: datetime) -> Person:
        """With what this frame says of the person."""
        if person.stay.last_seen != now:
            return person
        if is_upright(person.stay.track):
            return self._upright(person, now)
        if not is_lying(person):
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
            ended = [self._say(person, Phase.END, now, "left")] if is_told(person) else []
            return _up_again(person), ended
        held = now - person.lying_since >= timedelta(seconds=self.settings.hold)
        told, phase = person.stay.told.step(held and person.lying_at == now, now, self.new_id)
        person = replace(person, stay=replace(person.stay, told=told))
        return person, [self._say(person, phase, now)] if phase else []

    def _is_up(self, person: Person, lying_at: datetime, now: datetime) -> bool:
        """Seen upright for the grace; before anything is told one odd frame less will do."""
        patience = self._grace if is_told(person) else timedelta(seconds=UPRIGHT_S)
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


def _up_again(person: Person) -> Person:
    stay = replace(person.stay, told=UNTOLD)
    return replace(person, stay=stay, lying_since=None, lying_at=None, risen_at=None)


def fall(settings: FallSettings, zone: ZoneSettings, new_id: NewId) -> Fall:
    """The behaviour ``fall`` of ``zone``."""
    return Fall(settings, zone, new_id)
