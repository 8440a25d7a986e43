"""Which alerts a silence is about."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub_server.alerting.when_fields import EventName, Strict
from linli_contract.event_types import Colour

Short = Annotated[str, Field(max_length=64)]


class Told(Strict):
    """What of an alert can be matched."""

    rule: str = ""
    type: str = ""
    device: str = ""
    source: str = ""
    zone: str = ""
    grid: str = ""
    colour: str = ""
    labels: Mapping[str, str] = Field(default_factory=dict)


class Matcher(Strict):
    """All that is said must be so; what is not said may be anything."""

    rule: Short = ""
    type: EventName | None = None
    device: Short = ""
    source: Short = ""
    zone: Short = ""
    area: Short = ""
    """The alert's grid begins with it."""
    colours: list[Colour] = Field(default_factory=list)
    labels: dict[Short, Short] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_dump(exclude_defaults=True):
            raise ValueError(
                "at least one of rule, type, device, source, zone, area, colours, labels"
            )
        return self

    def matches(self, told: Told) -> bool:
        """Whether an alert is meant."""
        exact = ("rule", "type", "device", "source", "zone")
        return (
            all(getattr(self, name) in ("", None, getattr(told, name)) for name in exact)
            and told.grid.startswith(self.area)
            and (not self.colours or told.colour in self.colours)
            and self.labels.items() <= told.labels.items()
        )
