"""Conditions over what edge devices observe."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from hub_server.alerting.scope import Scope
from hub_server.alerting.when_fields import EventName, Strict
from linli_settings import Duration

Counted = Literal["zone", "source", "device", "grid", "label"]


class ObservationWhen(Strict):
    """An edge device saw it: fires on the observation's first message."""

    type: Literal["observation"]
    event: EventName
    labels: list[str] = Field(default_factory=list)
    """Only these labels (person, car, …); empty for all."""
    min_count: Annotated[int, Field(ge=1)] = 1

    @property
    def fields(self) -> tuple[str, ...]:
        return ("label", "count", "dwell_s", "dwell", "confidence")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(Scope)


class CountWhen(Strict):
    """Several observations within a window, counted over the rule's scope."""

    type: Literal["count"]
    events: Annotated[list[EventName], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=2, le=1000)]
    window: Annotated[Duration, Field(gt=0)]

    @property
    def fields(self) -> tuple[str, ...]:
        return ("count", "minutes")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(Scope)


class DistinctWhen(Strict):
    """Observations of several different cameras, zones, … within a window, over the scope."""

    type: Literal["distinct"]
    events: Annotated[list[EventName], Field(min_length=1)]
    of: Counted
    """What must differ."""
    at_least: Annotated[int, Field(ge=2, le=1000)]
    window: Annotated[Duration, Field(gt=0)]

    @property
    def fields(self) -> tuple[str, ...]:
        return ("count", "minutes")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        if self.of == "label":
            return tuple(Scope)
        narrow = Scope(self.of)
        return tuple(scope for scope in Scope if scope.holds(narrow) and scope is not narrow)

    @field_validator("events")
    @classmethod
    def _once(cls, events: list[str], _: ValidationInfo) -> list[str]:
        if len(set(events)) != len(events):
            raise ValueError("each event once")
        return events
