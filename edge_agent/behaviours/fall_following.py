"""Who is who from frame to frame, and what lies still, for :mod:`edge_agent.behaviours.fall`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge_agent.behaviours.fall_person import UPRIGHT_S, Person, iou, is_down, is_same, is_upright
from edge_agent.behaviours.stays import new_stay
from edge_agent.tracking import UNKNOWN
from edge_agent.types import FALLEN, Track
from linli_contract.payloads import Box

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


def told_apart(
    lay: Sequence[Lain], here: Sequence[Track], now: datetime
) -> tuple[list[Lain], list[Track], list[Track]]:
    """Where something lies, the tracks that lie where something lay already, and the others."""
    kept = [row for row in lay if now - row.last_seen <= LAIN]
    still: list[Track] = []
    for track in here:
        same = [row for row in kept if is_same(row.box, track.box)]
        if track.posture == FALLEN and same:
            kept = [row for row in kept if row not in same] + [Lain(track.box, now)]
            still.append(track)
    return kept, still, [track for track in here if track not in still]


def settled(
    people: Sequence[Person], still: Sequence[Track], ids: frozenset[int], now: datetime
) -> tuple[list[Person], list[Person]]:
    """Who still lies where they lay, and the others: nobody upright becomes a thing that lay."""
    lain = [person for person in people if is_down(person)]
    after = followed_people(lain, still, ids, now)
    after = [replace(p, is_still=True) if p.stay.started_at == now else p for p in after]
    down = [p for p in after if p.stay.last_seen == now]
    return down, [p for p in people if p not in lain] + [p for p in after if p not in down]


def followed_people(
    people: Sequence[Person], here: Sequence[Track], ids: frozenset[int], now: datetime
) -> list[Person]:
    """All people after a frame: by their track, then by where they were, then the new ones. What
    lies without having been upright is only what rises there, or lies in the same place."""
    tracks = {track.id: track for track in here if track.id != UNKNOWN}
    same = [_seen(p, tracks.pop(p.stay.track.id, None), now) for p in people]
    after = rejoined(same, now)
    free = [track for track in here if track.id == UNKNOWN or track.id in tracks]
    rows = sorted(
        (-alike, i, j)
        for i, person in enumerate(after)
        for j, track in enumerate(free)
        if person.stay.last_seen != now and person.stay.track.id not in ids - {UNKNOWN}
        if is_upright(track) or not is_down(person) or is_same(person.stay.track.box, track.box)
        if (alike := iou(person.stay.track.box, track.box)) >= TOUCHING
    )
    taken: set[int] = set()
    for _, i, j in rows:
        if after[i].stay.last_seen != now and j not in taken:
            after[i] = _seen(after[i], free[j], now)
            taken.add(j)
    return after + [Person(new_stay(t, now)) for j, t in enumerate(free) if j not in taken]


def _seen(person: Person, track: Track | None, now: datetime) -> Person:
    return replace(person, stay=person.stay.seen(track, now)) if track else person


def rejoined(people: Sequence[Person], now: datetime) -> list[Person]:
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
        and iou(new.stay.track.box, lost.stay.track.box) >= TOUCHING
    )


def lying_now(lay: Sequence[Lain], people: Sequence[Person], now: datetime) -> tuple[Lain, ...]:
    """With who lies and was not upright; without who rose."""
    here = [person for person in people if person.stay.last_seen == now]
    risen = [p.lain for p in here if p.upright_at == now and p.lain is not None]
    risen += [p.stay.track.box for p in here if p.lying_since]
    left = [row for row in lay if not any(is_same(row.box, box) for box in risen)]
    new = [
        Lain(p.lain, now)
        for p in here
        if p.lain == p.stay.track.box and not p.lying_since and now - p.stay.started_at > ANEW
    ]
    return (*left, *new)[-MOST:]
