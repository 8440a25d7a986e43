"""``edge-agent prescan``: can an intrusion happen in the recordings of this configuration?"""

from pathlib import Path

from edge_agent.cameras.settings import CameraSettings, FileSource
from edge_agent.detectors import open_detector
from edge_agent.prescan import Verdict, can_happen
from edge_agent.settings import Configuration, load_configuration

WITHIN_S = 120.0
"""No longer than this into a recording: nobody waits longer for a demonstration."""


def prescan(file: Path) -> list[Verdict]:
    """One verdict for each camera that plays a file; live cameras cannot be scanned.

    Raises:
        ConfigError: the configuration cannot be used.
        ModelError: the detector cannot be opened.
        CameraError: a recording cannot be opened.
    """
    configuration = load_configuration(file)
    return [
        _look(configuration, camera, camera.source.path)
        for camera in configuration.settings.cameras
        if isinstance(camera.source, FileSource) and camera.zones
    ]


def _look(configuration: Configuration, camera: CameraSettings, path: Path) -> Verdict:
    row = next(d for d in configuration.settings.detectors if d.name == camera.detector)
    detector = open_detector(configuration.detector(row))
    try:
        clip = configuration.base / path
        zone = camera.zones[0]
        return can_happen(clip, zone, detector, privacy=camera.privacy, within_s=WITHIN_S)
    finally:
        detector.close()
