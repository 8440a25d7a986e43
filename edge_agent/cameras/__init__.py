"""Cameras: a stream as its newest frame, privacy polygons painted first, drops counted."""

from collections.abc import Callable
from contextlib import closing

from edge_agent.cameras.base import NO_FRAMES, Camera, CameraCounters, CameraError, Surroundings
from edge_agent.cameras.settings import CameraSettings, FileSource, RtspSource
from edge_agent.types import Frame

__all__ = [
    "CAMERAS",
    "NO_FRAMES",
    "Camera",
    "CameraCounters",
    "CameraError",
    "Surroundings",
    "camera",
    "probe",
]


def _file(settings: CameraSettings, around: Surroundings) -> Camera:
    from edge_agent.cameras.file import file_opener
    from edge_agent.cameras.threaded import ThreadedCamera

    source = settings.source
    assert isinstance(source, FileSource)  # noqa: S101 - the dict's key is its type
    opener = file_opener(source, around.base, around.now)
    return ThreadedCamera(
        settings.name, opener, settings.privacy, around, keep_all=not source.realtime
    )


def _rtsp(settings: CameraSettings, around: Surroundings) -> Camera:
    from edge_agent.cameras.rtsp import rtsp_opener
    from edge_agent.cameras.threaded import ThreadedCamera

    source = settings.source
    assert isinstance(source, RtspSource)  # noqa: S101 - the dict's key is its type
    opener = rtsp_opener(source, around.base, around.now)
    return ThreadedCamera(settings.name, opener, settings.privacy, around)


CAMERAS: dict[str, Callable[[CameraSettings, Surroundings], Camera]] = {
    "file": _file,
    "rtsp": _rtsp,
}


def camera(settings: CameraSettings, around: Surroundings) -> Camera:
    """The camera of ``settings``; ``open`` starts it."""
    return CAMERAS[settings.source.type](settings, around)


def probe(settings: CameraSettings, around: Surroundings, timeout: float = 15.0) -> Frame:
    """One frame, for a check; opens the camera and closes it again.

    Args:
        timeout: seconds to wait for the frame.

    Raises:
        CameraError: none came.
    """
    with closing(camera(settings, around)) as probed:
        probed.open()
        waited_until = around.now().mono + timeout
        while around.now().mono < waited_until:
            frame = probed.read(0.1)
            health = probed.health()
            if frame is not None:
                return frame
            if health.state == "fault":
                raise CameraError(health.code, health.text)
        raise CameraError(NO_FRAMES, f"no picture within {timeout:g} s")
