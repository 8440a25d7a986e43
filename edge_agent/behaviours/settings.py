"""What a zone or a line watches for. Default times after domain practice; each can be set."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from edge_agent.behaviours.emergency_settings import (
    AbandonedObjectSettings,
    FallSettings,
    SmokeFireSettings,
)
from edge_agent.behaviours.watch_settings import (
    Dwell,
    Grace,
    Labels,
    Memory,
    StaySettings,
    StillSettings,
    WatchSettings,
    Within,
)
from edge_agent.fields import Name, PolygonField
from edge_agent.polygons import Edge, parse_line
from linli_settings import Duration, Percent
from linli_settings.strict import Strict


class IntrusionSettings(StaySettings):
    """Someone stays in the zone."""

    type: Literal["intrusion"]


class LoiteringSettings(StaySettings):
    """The same person stays in the zone for long."""

    type: Literal["loitering"]
    dwell: Dwell = Field(default=180.0, title="How long the same person must be inside")


class CrowdSettings(WatchSettings):
    """At least ``count`` are in the zone at once; defaults are the project's own."""

    type: Literal["crowd"]
    count: int = Field(default=10, ge=1, le=1000, title="How many at least")
    dwell: Dwell = Field(default=180.0, title="How long there must be so many")
    grace: Grace = Field(default=5.0, title="Fewer for up to this long do not end the crowd")


class EbikeIndoorsSettings(StaySettings):
    """A bicycle or motorcycle indoors; with a model that knows e-bikes, ``labels: [ebike]``."""

    type: Literal["ebike_indoors"]
    labels: Labels = Field(default=["bicycle", "motorcycle"], title="What counts")
    dwell: Dwell = Field(default=3.0, title="How long it must be inside")


class StrayDogSettings(StaySettings):
    """A dog with nobody near."""

    type: Literal["stray_dog"]
    labels: Labels = Field(default=["dog"], title="What counts")
    dwell: Dwell = Field(default=30.0, title="How long it must be alone")
    owners: Labels = Field(default=["person"], title="Who may lead it")
    owner_within: Within = Field(default=3.0, title="How near, in widths of the person's box")

    @property
    def needs(self) -> frozenset[str]:
        return frozenset((*self.labels, *self.owners))


class FireLaneBlockedSettings(StillSettings):
    """A vehicle in a fire lane, standing or shunting."""

    type: Literal["fire_lane_blocked"]
    labels: Labels = Field(default=["car", "motorcycle", "bus", "truck"], title="What counts")
    dwell: Dwell = Field(default=300.0, title="How long it must be inside")
    memory: Memory = Field(
        default=300.0,
        title="Unseen for up to so long it still stands there, unless it was seen to leave",
    )


class IllegalParkingSettings(StillSettings):
    """A vehicle stands still in a zone."""

    type: Literal["illegal_parking"]
    labels: Labels = Field(default=["car", "bus", "truck"], title="What counts")
    dwell: Dwell = Field(default=600.0, title="How long it must stand")


class StallSettings(StillSettings):
    """Umbrella, chair or table standing still with someone beside it: a stall."""

    type: Literal["stall_occupying_road"]
    labels: Labels = Field(
        default=["umbrella", "chair", "dining_table"], title="What it is made of"
    )
    min_confidence: Percent = Field(default=0.3, title="Lowest score of a box that counts")
    dwell: Dwell = Field(default=600.0, title="How long it must stand")
    memory: Memory = Field(
        default=120.0,
        title="Unseen for up to so long it still stands there, unless it was seen to leave",
    )
    vendors: Labels = Field(default=["person"], title="Who keeps it")
    vendor_within: Within = Field(default=3.0, title="How near, in widths of the person's box")
    vendor_away: Annotated[Duration, Field(ge=0, le=3600)] = Field(
        default=120.0, title="Left alone for longer it is no stall"
    )

    @property
    def needs(self) -> frozenset[str]:
        return frozenset((*self.labels, *self.vendors))


BehaviourSettings = Annotated[
    IntrusionSettings
    | LoiteringSettings
    | CrowdSettings
    | EbikeIndoorsSettings
    | StrayDogSettings
    | FireLaneBlockedSettings
    | IllegalParkingSettings
    | StallSettings
    | AbandonedObjectSettings
    | FallSettings
    | SmokeFireSettings,
    Field(discriminator="type"),
]


class ZoneSettings(Strict):
    """A polygon in the frame and what is watched for in it."""

    name: Name
    title: str = ""
    polygon: PolygonField
    overlap: Percent = Field(default=0.5, title="Share of a vehicle's box that must be inside")
    behaviours: list[BehaviourSettings] = Field(default=[])


Direction = Literal["a_to_b", "b_to_a"]
Settle = Annotated[Duration, Field(ge=0, le=10)]


class LineSettings(WatchSettings):
    """A line in the frame; who crosses it is a ``line_crossing``.

    Side A is on the left as one goes from the first point to the second in the picture, side B on
    the right.
    """

    name: Name
    title: str = ""
    line: Annotated[Edge, BeforeValidator(parse_line)]
    direction: Direction | Literal["both"] = Field(default="both", title="Which way counts")
    settle: Settle = Field(
        default=1.0, title="Who is back sooner than this has not crossed; the event waits so long"
    )
