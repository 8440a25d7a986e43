"""What the settings of all behaviours share."""

from typing import Annotated

from pydantic import Field

from edge_agent.schedules import Schedule
from linli_settings import Duration, Percent
from linli_settings.strict import Strict

Label = Annotated[str, Field(min_length=1)]
Labels = Annotated[list[Label], Field(min_length=1)]
Dwell = Annotated[Duration, Field(ge=0, le=86_400)]
Grace = Annotated[Duration, Field(ge=0, le=60)]
"""Bounded: the hub ends what is not renewed for 180 s."""
Memory = Annotated[Duration, Field(ge=0, le=21_600)]
Within = Annotated[float, Field(gt=0, le=20)]
"""Widths of a person's box; a person is about 0.6 m wide."""


class WatchSettings(Strict):
    """What counts, and when it is watched."""

    labels: Labels = Field(default=["person"], title="What counts")
    min_confidence: Percent = Field(default=0.4, title="Lowest score of a box that counts")
    min_height: Percent = Field(default=0.0, title="Lowest box height, share of the frame's")
    armed: bool = Field(default=True, title="Armed at start; the hub can arm and disarm")
    schedule: Schedule = Field(default=(), title="Watched in these windows; without any, always")

    @property
    def needs(self) -> frozenset[str]:
        """The labels that the camera's detector must be able to give."""
        return frozenset(self.labels)


class StaySettings(WatchSettings):
    """Something stays in a zone for a while."""

    dwell: Dwell = Field(default=5.0, title="How long it must be inside")
    grace: Grace = Field(default=2.0, title="An absence up to this long does not end the stay")


class StillSettings(StaySettings):
    """Something stands still in a zone for long. Where it stands tells who it is."""

    memory: Memory = Field(
        default=900.0,
        title="Unseen for up to so long it still stands there, unless it was seen to leave",
    )
