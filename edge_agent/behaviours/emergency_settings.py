"""Settings of what is looked for with a model or a background of its own: see each behaviour."""

from typing import Annotated, Literal

from pydantic import Field

from edge_agent.behaviours.watch_settings import (
    Dwell,
    Grace,
    Labels,
    Memory,
    StillSettings,
    WatchSettings,
    Within,
)
from edge_agent.types import UNKNOWN_KIND
from linli_settings import Duration, Percent


class AbandonedObjectSettings(StillSettings):
    """Something put down stands still and its owner is away.

    ``object`` is whatever was put down, found by :mod:`edge_agent.still_objects`; the others are
    what a detector knows. Most detectors see a bag on the ground only now and then.
    """

    type: Literal["abandoned_object"]
    labels: Labels = Field(
        default=["backpack", "handbag", "suitcase", UNKNOWN_KIND], title="What counts"
    )
    min_confidence: Percent = Field(default=0.3, title="Lowest score of a box that counts")
    dwell: Dwell = Field(default=120.0, title="How long its owner must be away")
    memory: Memory = Field(
        default=60.0,
        title="Unseen for up to so long it still stands there, unless it was seen to leave",
    )
    owners: Labels = Field(default=["person"], title="Who may own it")
    owner_within: Within = Field(default=3.0, title="How near, in widths of the person's box")

    @property
    def needs(self) -> frozenset[str]:
        return frozenset((*self.labels, *self.owners)) - {UNKNOWN_KIND}


class FallSettings(WatchSettings):
    """Someone who was upright lies."""

    type: Literal["fall"]
    hold: Dwell = Field(default=10.0, title="How long they must lie")
    grace: Grace = Field(
        default=5.0, title="Unseen or not lying for up to so long they still lie there"
    )


class SmokeFireSettings(WatchSettings):
    """Smoke or fire, seen by a model that knows them, in most frames of a short while."""

    type: Literal["smoke_fire"]
    labels: Labels = Field(default=["smoke", "fire"], title="What counts")
    window: Annotated[Duration, Field(ge=0.5, le=60)] = Field(
        default=2.0, title="The while that is judged"
    )
    share: Percent = Field(default=0.6, gt=0, title="Share of its frames that must show it")
    frames: int = Field(default=3, ge=1, le=100, title="How many must show it at least")
    grace: Grace = Field(default=10.0, title="Unseen for up to so long it still burns")
