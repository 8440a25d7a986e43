"""One person of :mod:`edge_agent.behaviours.fall`, and how their box tells upright from lying."""

from dataclasses import dataclass
from datetime import datetime

from edge_agent.behaviours.boxes import SAME, area, shared
from edge_agent.behaviours.stays import Stay
from edge_agent.types import FALLEN, Track
from linli_contract.payloads import Box

UPRIGHT = 1.2
"""Height over width of a box from which someone is upright: standing 2-4, sitting 1.2-2."""
FLAT = 0.8
"""Height over width up to which someone may lie, whatever the model says."""
SHRUNK = 0.6
"""Share of the upright height that is left of someone lying."""
LOWER = 0.85
"""The same where a model says so; towards the camera a body shortens least."""
EDGE = 0.01
"""A box this near to the frame's edge may be cut: its form says nothing."""
UPRIGHT_S = 0.5
"""So long someone must be seen upright: one odd box is nothing."""


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


def is_told(person: Person) -> bool:
    return person.stay.told.is_open


def is_down(person: Person) -> bool:
    """Whether they lay since they are known."""
    return person.lain is not None and not person.upright_s


def is_upright(track: Track) -> bool:
    return track.posture != FALLEN and track.tallness >= UPRIGHT


def is_lying(person: Person) -> bool:
    """Whether the model says so, or the box became low and wide."""
    track = person.stay.track
    x1, y1, x2, y2 = track.box
    if track.posture == FALLEN:
        is_lower = y2 - y1 <= LOWER * person.height or not person.height
        return track.tallness < UPRIGHT and is_lower
    whole = min(x1, y1) > EDGE and max(x2, y2) < 1 - EDGE
    return whole and track.tallness <= FLAT and y2 - y1 <= SHRUNK * person.height


def is_same(one: Box, other: Box) -> bool:
    return iou(one, other) > SAME


def iou(one: Box, other: Box) -> float:
    both = shared(one, other)
    return both / max(area(one) + area(other) - both, 1e-9)
