"""The condition over alerts of other rules: the second stage."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub_server.alerting.scope import Scope
from hub_server.alerting.when_fields import EventName, Strict
from linli_contract.event_types import Colour
from linli_settings import Duration

RuleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
CountedPlace = Literal["device", "grid", "community", "town"]


class AlertsWhen(Strict):
    """Alerts of other rules within a window, counted over a town or the county.

    It sees alerts that opened or joined a case: not those that were held back, nor repetitions,
    nor a level that eases. Those of rules over alerts it does not see either.
    """

    type: Literal["alerts"]
    types: list[EventName] = Field(default_factory=list, max_length=32)
    """Alerts of these event types, whichever rule fired them."""
    rules: list[RuleName] = Field(default_factory=list, max_length=32)
    """Alerts of these rules."""
    colours: list[Colour] = Field(default_factory=list)
    """Only these; empty for all."""
    distinct: CountedPlace | None = None
    """What must differ; without it every alert counts."""
    at_least: Annotated[int, Field(ge=2, le=1000)]
    window: Annotated[Duration, Field(gt=0, le=86_400)]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not self.types and not self.rules:
            raise ValueError("types or rules: whose alerts count")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        return ("count", "minutes", "places")

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return (Scope.COUNTY,) if self.distinct == "town" else (Scope.TOWN, Scope.COUNTY)
