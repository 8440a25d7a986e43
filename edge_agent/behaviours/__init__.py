"""What happens in a zone: tracks and time in, observations out. Pure: no clock, no threads."""

from collections.abc import Callable, Sequence

from edge_agent.behaviours.base import Behaviour, NewId, Watch, Watcher
from edge_agent.behaviours.crowd import crowd
from edge_agent.behaviours.guard import Guard, set_armed, unknown_years
from edge_agent.behaviours.intrusion import intrusion
from edge_agent.behaviours.settings import (
    BehaviourSettings,
    CrowdSettings,
    IntrusionSettings,
    ZoneSettings,
)
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


def _intrusion(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, IntrusionSettings)  # noqa: S101 - the dict's key is its type
    return Watch(intrusion(settings, zone, new_id))


def _crowd(settings: BehaviourSettings, zone: ZoneSettings, new_id: NewId) -> Watcher:
    assert isinstance(settings, CrowdSettings)  # noqa: S101 - the dict's key is its type
    return Watch(crowd(settings, zone, new_id))


BEHAVIOURS: dict[str, Callable[[BehaviourSettings, ZoneSettings, NewId], Watcher]] = {
    "intrusion": _intrusion,
    "crowd": _crowd,
}


def watchers(zones: Sequence[ZoneSettings], new_id: NewId, duty: Duty | None = None) -> list[Guard]:
    """One watcher for every behaviour of every zone.

    Args:
        new_id: mints observation ids (UUIDv7).
        duty: local time and holidays, for schedules; the default knows no holidays.
    """
    at = duty or Duty()
    return [
        Guard(BEHAVIOURS[b.type](b, zone, new_id), zone.name, b.schedule, at, b.armed)
        for zone in zones
        for b in zone.behaviours
    ]
