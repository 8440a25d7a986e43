"""One camera as a technician writes it: source, detector, privacy polygons, zones."""

from typing import Annotated

from pydantic import Field, model_validator

from edge_agent.behaviours.settings import LineSettings, ZoneSettings
from edge_agent.cameras.source_settings import (
    CameraSource,
    CsiSource,
    FileSource,
    RtspSource,
    StillsSource,
    UsbSource,
)
from edge_agent.fields import Name, PolygonField, check_unique
from linli_settings import Duration, Percent
from linli_settings.strict import Strict

__all__ = [
    "CameraSettings",
    "CameraSource",
    "CsiSource",
    "EvidenceOptions",
    "FileSource",
    "MotionSettings",
    "PictureChecks",
    "RegionSettings",
    "RtspSource",
    "StillsSource",
    "UsbSource",
    "ZoneSettings",
    "streams",
]


class PictureChecks(Strict):
    """When a picture is a fault of the camera."""

    enabled: bool = True
    frozen: Annotated[Duration, Field(ge=5, le=3600)] = Field(
        default=60.0, title="Exactly the same picture for so long"
    )
    black: Annotated[Duration, Field(ge=1, le=3600)] = Field(
        default=10.0, title="Nothing in the picture is bright for so long"
    )
    black_level: Percent = Field(default=0.13, title="Share of full brightness that is dark")
    covered: Annotated[Duration, Field(ge=1, le=3600)] = Field(
        default=10.0, title="The picture has hardly any edge for so long"
    )
    covered_edges: Percent = Field(default=0.02, title="Share of the picture with edges, at least")
    moved: Annotated[Duration, Field(ge=5, le=3600)] = Field(
        default=60.0, title="The scene is another one for so long"
    )
    moved_likeness: Percent = Field(
        default=0.4, title="Likeness of the scene's edges to what they were, at least"
    )


class MotionSettings(Strict):
    """When the detector may skip a frame.

    On by default: most cameras of a community see nothing most of the time, and what they do not
    use of the accelerator is there for the others.
    """

    enabled: bool = True
    difference: Percent = Field(default=0.05, gt=0, title="Share of full brightness that is change")
    area: Percent = Field(default=0.0005, gt=0, title="Share of the picture that must change")
    settle: Annotated[Duration, Field(ge=1, le=60)] = Field(
        default=5.0, title="Every frame is looked at for so long after a change"
    )
    busy_look: Annotated[Duration, Field(ge=0.2, le=5)] = Field(
        default=5.0, title="A zone that holds something is looked at at least so often"
    )
    idle_look: Annotated[Duration, Field(ge=5, le=3600)] = Field(
        default=300.0, title="Everything is looked at at least so often"
    )
    rest_after: Annotated[Duration, Field(ge=60, le=3600)] = Field(
        default=90.0, title="Zones empty for so long: keyframes only (no grace is longer)"
    )


class RegionSettings(Strict):
    """Parts of the frame around motion that the detector looks at too, at full resolution.

    Off by default: each is a turn at the accelerator, out of this camera's share.
    """

    enabled: bool = False
    zoom: Annotated[int, Field(ge=2, le=6)] = Field(
        default=3, title="A part is the frame's longer side divided by this"
    )
    most: Annotated[int, Field(ge=1, le=4)] = Field(default=2, title="Parts of one frame at most")
    difference: Percent = Field(default=0.06, gt=0, title="Share of full brightness that is change")


class EvidenceOptions(Strict):
    """The pictures that this camera's observations take along."""

    pictures: bool = Field(default=True, title="A blurred picture at the start of an observation")
    strip: bool = Field(
        default=False, title="Also three blurred pictures before it and three after, a second apart"
    )
    time_limit: Annotated[Duration, Field(ge=0.5, le=5)] = Field(
        default=2.0, title="Longest wait for the picture of evidence_source"
    )


class CameraSettings(Strict):
    """One camera. ``detector`` is a name of the configuration's detectors; several look at it
    with ``detectors: [main, fall]``, the one with the tighter boxes first."""

    name: Name
    title: str = ""
    source: CameraSource = Field(title="Watched all the time: the substream")
    evidence_source: CameraSource | None = Field(
        default=None, title="The main stream, opened only for the picture of an observation"
    )
    detector: Name
    detectors: list[Name] = Field(default=[], title="Instead of detector, where several look")
    privacy: list[PolygonField] = Field(
        default=[], title="Painted black before anything sees a frame"
    )
    zones: list[ZoneSettings] = Field(default=[])
    lines: list[LineSettings] = Field(default=[])
    evidence: EvidenceOptions = EvidenceOptions()
    motion: MotionSettings = MotionSettings()
    regions: RegionSettings = RegionSettings()
    checks: PictureChecks = PictureChecks()

    @model_validator(mode="before")
    @classmethod
    def _first_detector(cls, given: object) -> object:
        """``detector`` is the first of ``detectors``."""
        several = given.get("detectors") if isinstance(given, dict) else None
        if not isinstance(given, dict) or not isinstance(several, list) or not several:
            return given
        if given.get("detector", several[0]) != several[0]:
            raise ValueError("either detector or detectors")
        return {**given, "detector": several[0]}

    @property
    def detector_names(self) -> tuple[str, ...]:
        """All detectors that look at it."""
        return tuple(self.detectors) or (self.detector,)

    @model_validator(mode="after")
    def _detectors_once(self) -> "CameraSettings":
        check_unique(self.detectors, "detector")
        return self

    @model_validator(mode="after")
    def _zones_once(self) -> "CameraSettings":
        zones = [zone.name for zone in self.zones]
        check_unique(zones, "zone")
        check_unique(zones + [line.name for line in self.lines], "zone and line")
        return self


def streams(camera: CameraSettings) -> dict[str, CameraSettings]:
    """Each stream of ``camera`` by the field that names it, as if it were the one watched: with the
    same name and privacy polygons."""
    found = {"source": camera}
    if camera.evidence_source is not None:
        found["evidence_source"] = camera.model_copy(
            update={
                "source": camera.evidence_source,
                "motion": MotionSettings(enabled=False),
                "checks": PictureChecks(enabled=False),
            }
        )
    return found
