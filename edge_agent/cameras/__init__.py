"""Cameras: a stream as its newest frame, privacy polygons painted first, drops counted."""

from collections.abc import Callable
from contextlib import closing

from edge_agent.cameras.base import NO_FRAMES, Camera, CameraCounters, CameraError, Surroundings
from edge_agent.cameras.rest import Gate
from edge_agent.cameras.settings import CameraSettings
from edge_agent.types import Frame

__all__ = [
    "CAMERAS",
    "NO_FRAMES",
    "Camera",
    "CameraCounters",
    "CameraError",
    "Gate",
    "Surroundings",
    "camera",
    "probe",
]

Factory = Callable[[CameraSettings, Surroundings, Gate | None], Camera]


def _file(settings: CameraSettings, around: Surroundings, gate: Gate | None) -> Camera:
    from edge_agent.cameras.file import file_opener
    from edge_agent.cameras.rest import painted_rest
    from edge_agent.cameras.settings import FileSource
    from edge_agent.cameras.threaded import ThreadedCamera

    source = settings.source
    assert isinstance(source, FileSource)  # noqa: S101 - the dict's key is its type
    opener = file_opener(source, around.base, around.now, painted_rest(gate, settings, around))
    return ThreadedCamera(settings, opener, around, keep_all=not source.realtime)


def _stills(settings: CameraSettings, around: Surroundings, _gate: Gate | None) -> Camera:
    from edge_agent.cameras.settings import StillsSource
    from edge_agent.cameras.stills import stills_opener
    from edge_agent.cameras.threaded import ThreadedCamera

    source = settings.source
    assert isinstance(source, StillsSource)  # noqa: S101 - the dict's key is its type
    opener = stills_opener(source, around.base, around.now)
    return ThreadedCamera(settings, opener, around, patience_s=source.patience)


def _rtsp(settings: CameraSettings, around: Surroundings, gate: Gate | None) -> Camera:
    from edge_agent.cameras.rest import painted_rest
    from edge_agent.cameras.rtsp import rtsp_opener
    from edge_agent.cameras.settings import RtspSource
    from edge_agent.cameras.threaded import ThreadedCamera

    source = settings.source
    assert isinstance(source, RtspSource)  # noqa: S101 - the dict's key is its type
    opener = rtsp_opener(source, around.base, around.now, painted_rest(gate, settings, around))
    return ThreadedCamera(settings, opener, around)


def _usb(settings: CameraSettings, around: Surroundings, gate: Gate | None) -> Camera:
    from edge_agent.cameras.rest import painted_rest
    from edge_agent.cameras.settings import UsbSource
    from edge_agent.cameras.threaded import ThreadedCamera
    from edge_agent.cameras.usb import usb_opener

    source = settings.source
    assert isinstance(source, UsbSource)  # noqa: S101 - the dict's key is its type
    opener = usb_opener(source, around.now, painted_rest(gate, settings, around))
    return ThreadedCamera(settings, opener, around)


def _csi(settings: CameraSettings, around: Surroundings, gate: Gate | None) -> Camera:
    from edge_agent.cameras.child import csi_opener
    from edge_agent.cameras.rest import painted_rest
    from edge_agent.cameras.settings import CsiSource
    from edge_agent.cameras.threaded import ThreadedCamera

    source = settings.source
    assert isinstance(source, CsiSource)  # noqa: S101 - the dict's key is its type
    opener = csi_opener(source, around.base, around.now, painted_rest(gate, settings, around))
    return ThreadedCamera(settings, opener, around)


CAMERAS: dict[str, Factory] = {
    "file": _file,
    "stills": _stills,
    "rtsp": _rtsp,
    "usb": _usb,
    "csi": _csi,
}


def camera(settings: CameraSettings, around: Surroundings, gate: Gate | None = None) -> Camera:
    """The camera of ``settings``; ``open`` starts it.

    Args:
        gate: says when keyframes are enough; without one every frame is decoded.
    """
    return CAMERAS[settings.source.type](settings, around, gate)


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
