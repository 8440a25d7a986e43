"""Where a camera's picture comes from."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from linli_settings import Duration, SecretRef
from linli_settings.strict import Strict

HwAccel = Literal["none", "v4l2m2m", "vaapi", "cuda"]
"""What decodes: the processor, or a chip as the device's profile names it."""
Silence = Annotated[Duration, Field(ge=1, le=60)]


class FileSource(Strict):
    """A video file. Its frames are timed as if recorded now."""

    type: Literal["file"]
    path: Path = Field(title="Relative paths count from the configuration's folder")
    loop: bool = Field(default=False, title="Begin again at the end")
    realtime: bool = Field(
        default=True, title="Play at the file's own speed; else every frame, as fast as it goes"
    )
    hwaccel: HwAccel = "none"


class StillsSource(Strict):
    """A folder with still pictures: those in it, and those that come, by name."""

    type: Literal["stills"]
    folder: Path = Field(title="A relative folder counts from the configuration's")
    interval: Annotated[Duration, Field(ge=0.05, le=3600)] = Field(
        default=1.0, title="One picture every so often"
    )
    loop: bool = Field(default=False, title="Begin again after the last")
    patience: Annotated[Duration, Field(ge=5, le=86_400)] = Field(
        default=60.0, title="No new picture for so long is a fault"
    )


def _rtsp_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"rtsp", "rtsps"} or not parts.hostname:
        raise ValueError("an address such as rtsp://10.0.0.8/ch1")
    if "@" in value.removeprefix(f"{parts.scheme}://").rsplit("/", 1)[0] or parts.username:
        raise ValueError("an address without user and password: they go to username and password")
    return value


def _username(value: str) -> str:
    if not value or ":" in value:  # RFC 7617: the first colon ends it
        raise ValueError("a user name without ':'")
    return value


class RtspSource(Strict):
    """A network camera, H.264 or H.265."""

    type: Literal["rtsp"]
    url: Annotated[str, AfterValidator(_rtsp_address)]
    username: Annotated[str, AfterValidator(_username)] | None = None
    password: SecretRef | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    timeout: Silence = Field(default=4.0, title="No answer or no frame for so long is a fault")
    hwaccel: HwAccel = "none"

    @model_validator(mode="after")
    def _both(self) -> "RtspSource":
        if self.password is not None and self.username is None:
            raise ValueError("a username beside the password")
        return self


def parse_picture_size(value: Any) -> tuple[int, int]:
    """``'1280x720'`` as (width, height) in pixels.

    Raises:
        ValueError: not of that form, or not a size that a camera has.
    """
    match = (
        re.fullmatch(r"\s*(\d{2,5})\s*x\s*(\d{2,5})\s*", value) if isinstance(value, str) else None
    )
    if match is None:
        raise ValueError("a picture size such as 1280x720")
    return int(match[1]), int(match[2])


PictureSize = Annotated[
    tuple[int, int],
    BeforeValidator(parse_picture_size),
    PlainSerializer(lambda size: f"{size[0]}x{size[1]}", return_type=str),
]


class UsbSource(Strict):
    """A camera with a device node of its own (V4L2)."""

    type: Literal["usb"]
    device: Path = Field(title="/dev/video0, or a name under /dev/v4l/by-id that stays the same")
    size: PictureSize = (1280, 720)
    fps: Annotated[float, Field(gt=0, le=120)] = 15.0
    format: Literal["mjpeg", "h264", "yuyv422"] | None = Field(
        default=None, title="What the camera is to send; without it, its own choice"
    )
    timeout: Silence = Field(default=4.0, title="No frame for so long is a fault")
    hwaccel: HwAccel = "none"


class CsiSource(Strict):
    """A ribbon camera, through a program that writes the video to its standard output."""

    type: Literal["csi"]
    command: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] = Field(
        title="Program and arguments; no shell"
    )
    format: Literal["h264", "h265", "mjpeg"] = Field(
        default="h264", title="What it writes: bare H.264 or H.265 (Annex B), or JPEGs in a row"
    )
    timeout: Silence = Field(default=4.0, title="No output for so long is a fault")
    hwaccel: HwAccel = "none"


CameraSource = Annotated[
    FileSource | StillsSource | RtspSource | UsbSource | CsiSource, Field(discriminator="type")
]
