"""What happens in a zone: tracks and time in, observations out. Pure: no clock, no threads."""

from collections.abc import Callable, Sequence

from edge_agent.behaviours.abandoned_object import abandoned_object
from edge_agent.behaviours.base import Behaviour, NewId, Watch, Watcher
from edge_agent.behaviours.crowd import crowd
from edge_agent.behaviours.emergency_settings import (
    AbandonedObjectSettings,
    FallSettings,
    SmokeFireSettings,
)
from edge_agent.behaviours.fall import fall
from edge_agent.behaviours.guard import Guard, set_armed, unknown_years
from edge_agent.behaviours.intrusion import Intrusion
from edge_agent.behaviours.line_crossing import line_crossing
from edge_agent.behaviours.settings import (
    BehaviourSettings,
    CrowdSettings,
    LineSettings,
    StallSettings,
    StrayDogSettings,
    ZoneSettings,
)
from edge_agent.behaviours.smoke_fire import smoke_fire
from edge_agent.behaviours.stall import StallOccupyingRoad
from edge_agent.behaviours.standing import Standing
from edge_agent.behaviours.stray_dog import stray_dog
from edge_agent.behaviours.watch_settings import StaySettings, StillSettings
from edge_agent.schedules import Duty

__all__ = [
    "BEHAVIOURS",
    "Behaviour",
    "Guard",
    "NewId",
    "Watch",
    "Watcher",
    "set_armed",
    "unknown_years",
    "watchers",
]


def _staying(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, StaySettings)  # noqa: S101 - the dict's key is its type
    return Watch(Intrusion(settings, zone, new_id, settings.type))


def _standing(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, StillSettings)  # noqa: S101 - the dict's key is its type
    movable = settings.type == "fire_lane_blocked"
    return Watch(Standing(settings, zone, new_id, settings.type, movable))


def _crowd(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, CrowdSettings)  # noqa: S101 - the dict's key is its type
    return Watch(crowd(settings, zone, new_id))


def _stray_dog(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, StrayDogSettings)  # noqa: S101 - the dict's key is its type
    return Watch(stray_dog(settings, zone, new_id))


def _stall(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, StallSettings)  # noqa: S101 - the dict's key is its type
    return Watch(StallOccupyingRoad(settings, zone, new_id))


def _abandoned_object(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, AbandonedObjectSettings)  # noqa: S101 - the dict's key is its type
    return Watch(abandoned_object(settings, zone, new_id))


def _fall(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, FallSettings)  # noqa: S101 - the dict's key is its type
    return Watch(fall(settings, zone, new_id))


def _smoke_fire(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, SmokeFireSettings)  # noqa: S101 - the dict's key is its type
    return Watch(smoke_fire(settings, zone, new_id))


BEHAVIOURS: dict[str, Callable[[BehaviourSettings, ZoneSettings, NewId], Watcher]] = {
    "intrusion": _staying,
    "loitering": _staying,
    "ebike_indoors": _staying,
    "stray_dog": _stray_dog,
    "crowd": _crowd,
    "fire_lane_blocked": _standing,
    "illegal_parking": _standing,
    "stall_occupying_road": _stall,
    "abandoned_object": _abandoned_object,
    "fall": _fall,
    "smoke_fire": _smoke_fire,
}
"""What can be watched in a zone; lines know one thing, ``line_crossing``."""


def watchers(
    zones: Sequence[ZoneSettings],
    new_id: NewId,
    lines: Sequence[LineSettings] = (),
    duty: Duty | None = None,
) -> list[Guard]:
    """One watcher for every behaviour of every zone, and for every line.

    Args:
        new_id: mints observation ids (UUIDv7).
        duty: local time and holidays, for schedules; the default knows no holidays.
    """
    at = duty or Duty()
    in_zones = [
        Guard(BEHAVIOURS[b.type](b, zone, new_id), zone.name, b.schedule, at, b.armed)
        for zone in zones
        for b in zone.behaviours
    ]
    at_lines = [
        Guard(Watch(line_crossing(line, new_id)), line.name, line.schedule, at, line.armed)
        for line in lines
    ]
    return in_zones + at_lines
