"""Conditions made of others: all of them, or any."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub_server.alerting.scope import Scope
from hub_server.alerting.when_camera import CountWhen, DistinctWhen, ObservationWhen
from hub_server.alerting.when_fields import Strict
from hub_server.alerting.when_sensor import LevelsWhen, NoDataWhen, RateWhen, ThresholdWhen
from hub_server.alerting.when_total import TotalWhen
from linli_settings import Duration

Part = Annotated[
    ObservationWhen
    | ThresholdWhen
    | LevelsWhen
    | RateWhen
    | TotalWhen
    | CountWhen
    | DistinctWhen
    | NoDataWhen,
    Field(discriminator="type"),
]
PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]


class GroupWhen(Strict):
    """Sub-conditions by name, of any source within the rule's scope."""

    type: Literal["all", "any"]
    of: Annotated[dict[PartName, Part], Field(min_length=2, max_length=8)]
    within: Annotated[Duration, Field(gt=0, le=86_400)] = 300.0
    """One that came true counts for so long, and as long as it holds."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if not self.scopes:
            raise ValueError("sub-conditions that fit into one scope")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        inner = [f"{name}_{field}" for name, part in self.of.items() for field in part.fields]
        places = [f"{name}_{field}" for name in self.of for field in ("name", "zone")]
        return ("matched", *inner, *places)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        narrowest = [part.scopes[0] for part in self.of.values()]
        return tuple(scope for scope in Scope if all(scope.holds(one) for one in narrowest))
