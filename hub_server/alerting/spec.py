"""A rule pack as people write it: YAML, every key checked, units required."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from hub_server.alerting.places import Trait, TraitText
from hub_server.alerting.schedule import Schedule
from hub_server.alerting.scope import Scope
from hub_server.alerting.when import (
    AlertsWhen,
    EventName,
    GroupWhen,
    LevelsWhen,
    NoDataWhen,
    Strict,
    When,
)
from hub_server.alerting.when_fields import ReasonText
from linli_contract.event_types import Colour
from linli_settings import Duration

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
GroupPart = Literal["type", "source", "zone", "device", "grid", "community", "town", "county"]
LabelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
LabelText = Annotated[str, Field(min_length=1, max_length=64)]
_NO_ZONE = ("threshold", "levels", "rate", "total", "no_data")
_WIDE: tuple[GroupPart, ...] = ("type", "town", "county")


class Group(Strict):
    """What makes two alerts one incident."""

    by: Annotated[list[GroupPart], Field(min_length=2)]

    @field_validator("by")
    @classmethod
    def _starts_with_type(cls, parts: list[GroupPart]) -> list[GroupPart]:
        if parts[0] != "type" or len(set(parts)) != len(parts):
            raise ValueError("type first, then source, zone, device, grid or wider, each once")
        return parts


class Inhibitor(Strict):
    """An open alert that holds this rule's alerts back while it lasts."""

    type: EventName | Literal[""] = ""
    rule: Name | Literal[""] = ""
    colours: list[Colour] = Field(default_factory=list)
    """Only these; empty for all."""
    same: Scope = Scope.SOURCE
    """It stands at the same source, grid, …"""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if bool(self.type) == bool(self.rule):
            raise ValueError("either type or rule")
        return self


class RuleSpec(Strict):
    """One rule."""

    name: Name
    type: EventName
    """The incident's."""
    colour: Colour | None = None
    """The alert's; a rule with levels takes it from them."""
    when: When
    scope: Scope
    """What its state is keyed by."""
    group: Group
    at_once: bool = False
    """True judges on arrival; false in order of event time, once the lateness has passed."""
    place: dict[Trait, TraitText] = Field(default_factory=dict, max_length=8)
    """Only in places that are so (``places.yaml``); without it, everywhere."""
    schedule: Schedule | None = None
    """When it counts; without one, always."""
    cool_down: Annotated[Duration, Field(ge=0)] = 0.0
    """The rule stays silent for one key that long after it fired."""
    repeat: Annotated[Duration | None, Field(ge=60)] = None
    """While it holds, it fires again that often."""
    inhibited_by: list[Inhibitor] = Field(default_factory=list, max_length=8)
    labels: dict[LabelName, LabelText] = Field(default_factory=dict, max_length=8)
    reason: ReasonText
    source: Annotated[str, Field(min_length=3)]
    """Where the limit comes from."""

    @field_validator("scope")
    @classmethod
    def _wide_enough(cls, scope: Scope, info: ValidationInfo) -> Scope:
        when: When | None = info.data.get("when")
        if when is not None and scope not in when.scopes:
            fitting = ", ".join(when.scopes)
            raise ValueError(f"a scope that {when.type} can be kept by: {fitting}")
        return scope

    @field_validator("reason")
    @classmethod
    def _templates(cls, reason: ReasonText, info: ValidationInfo) -> ReasonText:
        when: When | None = info.data.get("when")
        if when is not None:  # it may be wrong itself
            reason.check(when.fields)
        return reason

    @field_validator("group")
    @classmethod
    def _has_zone(cls, group: Group, info: ValidationInfo) -> Group:
        when: When | None = info.data.get("when")
        if "zone" in group.by and when and when.type in _NO_ZONE:
            raise ValueError("by without zone: what a sensor says has none")
        if isinstance(when, AlertsWhen) and not set(group.by) <= set(_WIDE):
            raise ValueError("type with town or county: the alerts stand in many places")
        return group

    @field_validator("schedule")
    @classmethod
    def _can_be_scheduled(cls, schedule: Schedule | None, info: ValidationInfo) -> Schedule | None:
        when: When | None = info.data.get("when")
        parts = when.of.values() if isinstance(when, GroupWhen) else ()
        if schedule and any(isinstance(part, NoDataWhen) for part in parts):
            raise ValueError("a rule without no_data among its sub-conditions")
        return schedule

    @model_validator(mode="after")
    def _coloured(self) -> Self:
        if (self.colour is None) != isinstance(self.when, LevelsWhen):
            raise ValueError("a colour, either of the rule or of its levels")
        return self


class Pack(Strict):
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
