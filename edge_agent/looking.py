"""What looks at the frames of a camera: its detectors, and its own eye for things put down."""

from collections.abc import Sequence

from edge_agent.behaviours.emergency_settings import AbandonedObjectSettings
from edge_agent.cameras.settings import CameraSettings
from edge_agent.detectors.together import Looks, Together
from edge_agent.still_objects import StillObjects
from edge_agent.types import UNKNOWN_KIND


def looking(settings: CameraSettings, detectors: Sequence[Looks]) -> Looks:
    """The one detector that the flow of a camera asks.

    Args:
        settings: the camera's; whether a zone watches for things put down.
        detectors: those of ``settings.detector_names``, in their order; shared with others.
    """
    eyes = list(detectors)
    if watches_for_objects(settings):
        eyes.append(StillObjects())
    return eyes[0] if len(eyes) == 1 else Together(eyes)


def watches_for_objects(settings: CameraSettings) -> bool:
    """Whether anything put down is looked for, whatever it is."""
    return any(
        isinstance(behaviour, AbandonedObjectSettings) and UNKNOWN_KIND in behaviour.labels
        for zone in settings.zones
        for behaviour in zone.behaviours
    )
