"""A rule test file as people write it: inputs at virtual times and the alerts they expect."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub_server.alerting.places import Place
from hub_server.alerting.when_fields import EventName, Metric
from linli_contract.event_types import Colour
from linli_contract.payloads import Quality
from linli_settings import Duration

START = datetime(2026, 1, 1, tzinfo=UTC)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Strict):
    at: Duration
    """When it happened."""
    arrives: Duration | None = None
    device: str = "pi-0001"
    source: str = ""
    grid: str = "330899001001001"
    """Its first 12 digits are the community, its first 9 the town."""

    @property
    def arrival(self) -> float:
        return self.at if self.arrives is None else self.arrives


class ReadingStep(Step):
    metric: Metric
    value: float
    unit: str = ""
    quality: Quality = Quality.OK
    """What the sensor itself says of it; rules see only ok and reference."""


class ObservationStep(Step):
    event: EventName
    zone: str = "zone"
    label: str = ""
    count: int = 1
    dwell: Duration = 0.0
    ends: Duration | None = None
    """When it was over; the device renews it every minute until then."""
    cause: str = "left"


class HeartbeatStep(Step):
    """One heartbeat, or one every ``every`` until ``until``."""

    every: Duration | None = None
    until: Duration | None = None


class Expected(_Strict):
    """An alert: which rule, when it fires by the hub's clock, and what else must be so."""

    at: Duration
    rule: str
    colour: Colour | None = None
    late: bool = False
    zh: str | None = None
    en: str | None = None


class ExpectedEnd(_Strict):
    """The end of an alert, by event time."""

    at: Duration
    rule: str
    cause: str = "cleared"


class Case(_Strict):
    """One test."""

    name: str
    readings: list[ReadingStep] = []
    observations: list[ObservationStep] = []
    heartbeats: list[HeartbeatStep] = []
    begins: AwareDatetime = START
    """What 0 s is, where a schedule matters."""
    restarts: list[Duration] = []
    """The hub stops and starts again: only what it has written down is left."""
    receiving_from: Duration = 0.0
    """Since when the hub receives with its backlog read."""
    until: Duration | None = None
    """When the test ends; without it, at its last step."""
    alerts: list[Expected] = []
    ends: list[ExpectedEnd] | None = None
    """Every end of an alert; None: they do not matter."""


class RuleTestFile(_Strict):
    """``<pack>.test.yaml`` beside ``<pack>.yaml``."""

    places: list[Place] | None = None
    """Stands for the ``places.yaml`` of the folder, which is the county's."""
    tests: Annotated[list[Case], Field(min_length=1)]
