"""A camera behind a device node (USB, V4L2)."""

import stat
import threading
from collections.abc import Callable
from pathlib import Path

from edge_agent.cameras.base import CANNOT_OPEN, CameraError
from edge_agent.cameras.decoder import Address
from edge_agent.cameras.live import LIVE, LiveStream
from edge_agent.cameras.settings import UsbSource
from edge_agent.cameras.stream import Opener, Rest
from edge_agent.clock import Moment


def usb_opener(source: UsbSource, now: Callable[[], Moment], rest: Rest | None = None) -> Opener:
    """Opens ``source``."""

    def open_(_stop: threading.Event) -> LiveStream:
        _check(source.device)
        return LiveStream(_address(source), str(source.device), now, rest)

    return open_


def _address(source: UsbSource) -> Address:
    width, height = source.size
    options = {**LIVE, "video_size": f"{width}x{height}", "framerate": f"{source.fps:g}"}
    if source.format is not None:
        options["input_format"] = source.format
    return Address(str(source.device), "v4l2", options, source.timeout, source.hwaccel)


def _check(device: Path) -> None:
    try:
        mode = device.stat().st_mode
        with device.open("rb"):
            pass
    except PermissionError:
        said = f"no right to read {device}: add the agent's user to the group video"
        raise CameraError(CANNOT_OPEN, said) from None
    except OSError as error:
        said = f"{device}: {error.strerror or error}; is the camera plugged in?"
        raise CameraError(CANNOT_OPEN, said) from None
    if not stat.S_ISCHR(mode):
        raise CameraError(CANNOT_OPEN, f"{device} is no device node")
