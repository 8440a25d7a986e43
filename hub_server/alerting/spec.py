"""A rule pack as people write it: YAML, every key checked, units required."""

from datetime import date
from difflib import get_close_matches
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hub_server.alerting.text import check_template
from linli_contract.event_types import EVENT_TYPES, Colour
from linli_contract.metrics import METRICS
from linli_settings import Duration

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
GroupPart = Literal["type", "source", "zone", "device", "grid"]


class _Strict(BaseModel):
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


class ObservationWhen(_Strict):
    """An edge device saw it: fires on the observation's first message."""

    type: Literal["observation"]
    event: str
    labels: list[str] = []
    """Only these labels (person, car, …); empty for all."""
    min_count: Annotated[int, Field(ge=1)] = 1

    _event = field_validator("event")(_known_type)

    @property
    def fields(self) -> tuple[str, ...]:
        return ("label", "count", "dwell_s", "confidence")


class ThresholdWhen(_Strict):
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


class CountWhen(_Strict):
    """Several observations within a window, counted over a source, zone, device or grid."""

    type: Literal["count"]
    events: Annotated[list[str], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=2, le=1000)]
    window: Annotated[Duration, Field(gt=0)]
    by: Literal["source", "zone", "device", "grid"]

    @field_validator("events")
    @classmethod
    def _events(cls, names: list[str]) -> list[str]:
        return [_known_type(name) for name in names]

    @property
    def fields(self) -> tuple[str, ...]:
        return ("count", "minutes")


class NoDataWhen(_Strict):
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


class Group(_Strict):
    """What makes two alerts one incident."""

    by: Annotated[list[GroupPart], Field(min_length=2)]

    @field_validator("by")
    @classmethod
    def _starts_with_type(cls, parts: list[GroupPart]) -> list[GroupPart]:
        if parts[0] != "type" or len(set(parts)) != len(parts):
            raise ValueError("type first, then source, zone, device or grid, each once")
        return parts


class ReasonText(_Strict):
    """Templates; ``{value}`` and the like are filled with what fired."""

    zh: str
    en: str


class RuleSpec(_Strict):
    """One rule."""

    name: Name
    type: str
    """The incident's event type."""
    colour: Colour
    when: When
    group: Group
    at_once: bool = False
    """True fires on arrival; false waits until the source's clock passes the lateness."""
    cool_down: Annotated[Duration, Field(ge=0)] = 0.0
    """The rule stays silent for one key that long after it fired."""
    reason: ReasonText
    source: Annotated[str, Field(min_length=3)]
    """Where the limit comes from."""

    _type = field_validator("type")(_known_type)

    @field_validator("reason")
    @classmethod
    def _templates(cls, reason: ReasonText, info: ValidationInfo) -> ReasonText:
        when: When | None = info.data.get("when")
        if when is not None:  # it may be wrong itself
            check_template(reason.zh, when.fields)
            check_template(reason.en, when.fields)
        return reason

    @field_validator("group")
    @classmethod
    def _has_zone(cls, group: Group, info: ValidationInfo) -> Group:
        when: When | None = info.data.get("when")
        if "zone" in group.by and when and when.type in ("threshold", "no_data"):
            raise ValueError("by without zone: what a sensor says has none")
        return group


class Pack(_Strict):
    """One file."""

    pack: Name
    version: date
    rules: Annotated[list[RuleSpec], Field(min_length=1)]

    @field_validator("rules")
    @classmethod
    def _unique(cls, rules: list[RuleSpec]) -> list[RuleSpec]:
        names = [rule.name for rule in rules]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"each rule's name once, {name!r} stands {names.count(name)} times"
                )
        return rules
