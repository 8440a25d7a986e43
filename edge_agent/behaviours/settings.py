"""What a zone watches for."""

from typing import Annotated, Literal

from pydantic import Field

from edge_agent.fields import Name, PolygonField, Strict
from linli_settings import Duration, Percent

Labels = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
Dwell = Annotated[Duration, Field(ge=0, le=86_400)]
Grace = Annotated[Duration, Field(ge=0, le=60)]
"""Bounded: the hub ends what is not renewed for 180 s."""


class _Behaviour(Strict):
    labels: Labels = Field(default=["person"], title="What counts")
    min_confidence: Percent = Field(default=0.4, title="Lowest score of a box that counts")
    min_height: Percent = Field(default=0.0, title="Lowest box height, share of the frame's")


class IntrusionSettings(_Behaviour):
    """Someone stays in the zone; default dwell after domain.md."""

    type: Literal["intrusion"]
    dwell: Dwell = Field(default=5.0, title="How long someone must be inside")
    grace: Grace = Field(default=2.0, title="An absence up to this long does not end the stay")


class CrowdSettings(_Behaviour):
    """At least ``count`` are in the zone at once; defaults are the project's own."""

    type: Literal["crowd"]
    count: int = Field(default=10, ge=1, le=1000, title="How many at least")
    dwell: Dwell = Field(default=180.0, title="How long there must be so many")
    grace: Grace = Field(default=5.0, title="Fewer for up to this long do not end the crowd")


BehaviourSettings = Annotated[IntrusionSettings | CrowdSettings, Field(discriminator="type")]


class ZoneSettings(Strict):
    """A polygon in the frame and what is watched for in it."""

    name: Name
    title: str = ""
    polygon: PolygonField
    overlap: Percent = Field(default=0.5, title="Share of a vehicle's box that must be inside")
    behaviours: list[BehaviourSettings] = Field(default=[])
