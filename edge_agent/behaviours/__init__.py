"""What happens in a zone: tracks and time in, observations out. Pure: no clock, no threads."""

from collections.abc import Callable, Sequence

from edge_agent.behaviours.base import Behaviour, NewId, Watch, Watcher
from edge_agent.behaviours.crowd import crowd
from edge_agent.behaviours.intrusion import intrusion
from edge_agent.behaviours.settings import (
    BehaviourSettings,
    CrowdSettings,
    IntrusionSettings,
    ZoneSettings,
)

__all__ = ["BEHAVIOURS", "Behaviour", "NewId", "Watch", "Watcher", "watchers"]


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


def watchers(zones: Sequence[ZoneSettings], new_id: NewId) -> list[Watcher]:
    """One watcher for every behaviour of every zone; ``new_id`` mints observation ids (UUIDv7)."""
    return [BEHAVIOURS[b.type](b, zone, new_id) for zone in zones for b in zone.behaviours]
