"""A rule pack as people write it: YAML, every key checked, units required."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from hub_server.alerting.text import check_template
from hub_server.alerting.when import EventName, Strict, When
from linli_contract.event_types import Colour
from linli_settings import Duration

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
GroupPart = Literal["type", "source", "zone", "device", "grid"]


class Group(Strict):
    """What makes two alerts one incident."""

    by: Annotated[list[GroupPart], Field(min_length=2)]

    @field_validator("by")
    @classmethod
    def _starts_with_type(cls, parts: list[GroupPart]) -> list[GroupPart]:
        if parts[0] != "type" or len(set(parts)) != len(parts):
            raise ValueError("type first, then source, zone, device or grid, each once")
        return parts


class ReasonText(Strict):
    """Templates; ``{value}`` and the like are filled with what fired."""

    zh: str
    en: str


class RuleSpec(Strict):
    """One rule."""

    name: Name
    type: EventName
    """The incident's."""
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
