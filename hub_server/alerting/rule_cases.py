"""A rule test file as people write it: inputs at virtual times and the alerts they expect."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub_server.alerting.when_fields import EventName, Metric
from linli_contract.event_types import Colour
from linli_settings import Duration


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Strict):
    at: Duration
    """When it happened."""
    arrives: Duration | None = None
    device: str = "pi-0001"
    source: str = ""

    @property
    def arrival(self) -> float:
        return self.at if self.arrives is None else self.arrives


class ReadingStep(Step):
    metric: Metric
    value: float
    unit: str = ""


class ObservationStep(Step):
    event: EventName
    zone: str = "zone"
    label: str = ""
    count: int = 1


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


class Case(_Strict):
    """One test."""

    name: str
    readings: list[ReadingStep] = []
    observations: list[ObservationStep] = []
    heartbeats: list[HeartbeatStep] = []
    receiving_from: Duration = 0.0
    """Since when the hub receives with its backlog read."""
    until: Duration | None = None
    """When the test ends; without it, at its last step."""
    alerts: list[Expected] = []


class RuleTestFile(_Strict):
    """``<pack>.test.yaml`` beside ``<pack>.yaml``."""

    tests: Annotated[list[Case], Field(min_length=1)]
