"""Stray dog (犬只无绳): a dog stays in the zone with nobody near who may lead it."""

from collections.abc import Sequence

from edge_agent.behaviours.base import NewId
from edge_agent.behaviours.boxes import is_near
from edge_agent.behaviours.intrusion import Intrusion
from edge_agent.behaviours.settings import StrayDogSettings, ZoneSettings
from edge_agent.types import Track


def stray_dog(settings: StrayDogSettings, zone: ZoneSettings, new_id: NewId) -> Intrusion:
    """The behaviour ``stray_dog`` of ``zone``. Whoever leads it may stand outside."""

    def is_alone(dog: Track, tracks: Sequence[Track]) -> bool:
        return not any(
            track.label in settings.owners and is_near(track.box, dog.box, settings.owner_within)
            for track in tracks
        )

    return Intrusion(settings, zone, new_id, "stray_dog", is_alone)
