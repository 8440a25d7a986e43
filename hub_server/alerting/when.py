"""The conditions of rules as people write them: a union on ``type``."""

from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from linli_contract.event_types import EVENT_TYPES
from linli_contract.metrics import METRICS
from linli_settings import Duration


class Strict(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_type(name: str) -> str:
    if name not in EVENT_TYPES:
        raise ValueError(f"an event type of the contract: {', '.join(EVENT_TYPES)}")
    return name


def _known_metric(name: str) -> str:
    if name not in METRICS:
        near = get_close_matches(name, METRICS, n=1)
        hint = f" - did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"a metric of the contract: {', '.join(METRICS)}{hint}")
    return name


Metric = Annotated[str, AfterValidator(_known_metric)]
EventName = Annotated[str, AfterValidator(_known_type)]


class ObservationWhen(Strict):
    """An edge device saw it: fires on the observation's first message."""

    type: Literal["observation"]
    event: EventName
    labels: list[str] = []
    """Only these labels (person, car, …); empty for all."""
    min_count: Annotated[int, Field(ge=1)] = 1

    @property
    def fields(self) -> tuple[str, ...]:
        return ("label", "count", "dwell_s", "confidence")


class ThresholdWhen(Strict):
    """A sensor's value over (or under) a limit, until it is back at ``clear``."""

    type: Literal["threshold"]
    metric: Metric
    above: float | None = None
    below: float | None = None
    for_: Annotated[Duration, Field(alias="for", ge=0)] = 0.0
    """How long it must stay there."""
    samples: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many values in a row must be there."""
    clear: float | None = None
    """Where it ends; without it, at the limit itself."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("either above or below")
        if self.clear is not None and self.beyond(self.clear):
            raise ValueError("clear on the good side of the limit")
        return self

    @property
    def limit(self) -> float:
        return self.above if self.above is not None else float(self.below or 0.0)

    def beyond(self, value: float) -> bool:
        """True when ``value`` is past the limit."""
        return value > self.limit if self.above is not None else value < self.limit

    def cleared(self, value: float) -> bool:
        """True when ``value`` is back at ``clear``."""
        end = self.limit if self.clear is None else self.clear
        return value <= end if self.above is not None else value >= end

    @property
    def fields(self) -> tuple[str, ...]:
        return ("metric", "value", "unit", "limit", "seconds")


class CountWhen(Strict):
    """Several observations within a window, counted over a source, zone, device or grid."""

    type: Literal["count"]
    events: Annotated[list[EventName], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=2, le=1000)]
    window: Annotated[Duration, Field(gt=0)]
    by: Literal["source", "zone", "device", "grid"]

    @property
    def fields(self) -> tuple[str, ...]:
        return ("count", "minutes")


class NoDataWhen(Strict):
    """Nothing came for a while, over time in which the hub was receiving."""

    type: Literal["no_data"]
    of: Literal["heartbeat", "measurement"]
    after: Annotated[Duration, Field(gt=0)]
    metric: Metric | Literal[""] = ""
    """Only sensors of this metric; empty for all."""

    @property
    def fields(self) -> tuple[str, ...]:
        return ("seconds",)


When = Annotated[
    ObservationWhen | ThresholdWhen | CountWhen | NoDataWhen, Field(discriminator="type")
]
