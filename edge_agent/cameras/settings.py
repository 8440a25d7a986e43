"""One camera as a technician writes it: source, detector, privacy polygons, zones."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from edge_agent.behaviours.settings import ZoneSettings
from edge_agent.fields import Name, PolygonField, Strict, check_unique
from linli_settings import Duration, SecretRef

__all__ = [
    "CameraSettings",
    "CameraSource",
    "EvidenceOptions",
    "FileSource",
    "RtspSource",
    "ZoneSettings",
]


class FileSource(Strict):
    """A video file. Its frames are timed as if recorded now."""

    type: Literal["file"]
    path: Path = Field(title="Relative paths count from the configuration's folder")
    loop: bool = Field(default=False, title="Begin again at the end")
    realtime: bool = Field(
        default=True, title="Play at the file's own speed; else every frame, as fast as it goes"
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
    """A network camera."""

    type: Literal["rtsp"]
    url: Annotated[str, AfterValidator(_rtsp_address)]
    username: Annotated[str, AfterValidator(_username)] | None = None
    password: SecretRef | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    timeout: Annotated[Duration, Field(ge=1, le=60)] = Field(
        default=5.0, title="No answer or no frame for so long is a fault"
    )

    @model_validator(mode="after")
    def _both(self) -> "RtspSource":
        if self.password is not None and self.username is None:
            raise ValueError("a username beside the password")
        return self


CameraSource = Annotated[FileSource | RtspSource, Field(discriminator="type")]


class EvidenceOptions(Strict):
    """The pictures that this camera's observations take along."""

    pictures: bool = Field(default=True, title="A blurred picture at the start of an observation")


class CameraSettings(Strict):
    """One camera; ``detector`` is a name of the configuration's detectors."""

    name: Name
    title: str = ""
    source: CameraSource
    detector: Name
    privacy: list[PolygonField] = Field(
        default=[], title="Painted black before anything sees a frame"
    )
    zones: list[ZoneSettings] = Field(default=[])
    evidence: EvidenceOptions = EvidenceOptions()

    @model_validator(mode="after")
    def _zones_once(self) -> "CameraSettings":
        check_unique([zone.name for zone in self.zones], "zone")
        return self
