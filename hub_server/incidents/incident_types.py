"""What an incident of each type is: class code, limits, who may close it, how long it cools down.

Data of the county (``rules/incident_types.yaml``), never constants of the code.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from linli_contract.event_types import EVENT_TYPES
from linli_settings import ConfigError, Duration, Problem, load

Stage = Literal["dispatch", "handle", "check", "total"]


class Severity(StrEnum):
    """一般, 较大, 重大, 特别重大. Not the warning colour of an alert."""

    GENERAL = "general"
    LARGER = "larger"
    MAJOR = "major"
    GRAVE = "grave"


class Unit(StrEnum):
    """Of a time limit. Working time needs the holiday calendar of its year."""

    URGENT_HOUR = "urgent_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limit(_Strict):
    """``{value: 4, unit: work_hour}``"""

    value: Annotated[float, Field(gt=0)]
    unit: Unit

    def due(self, start: datetime) -> datetime | None:
        """When it runs out; None in working time, which no calendar here can tell yet."""
        match self.unit:
            case Unit.URGENT_HOUR:
                return start + timedelta(hours=self.value)
            case Unit.NATURAL_DAY:
                return start + timedelta(days=self.value)
            case Unit.WORK_HOUR | Unit.WORK_DAY:
                return None


class Handler(_Strict):
    zh: str
    en: str


class IncidentType(_Strict):
    """One type's row; ``source`` says where code, limit and handler come from."""

    code: Annotated[str, StringConstraints(pattern=r"^\d{4,5}$")]
    severity: Severity = Severity.GENERAL
    limits: dict[Stage, Limit] = {}
    self_handled: bool = False
    cool_down: Duration
    first_handler: Handler
    source: Annotated[str, StringConstraints(min_length=3)]


class IncidentTypes(_Strict):
    """The file."""

    types: dict[str, IncidentType]


def load_incident_types(file: Path) -> Mapping[str, IncidentType]:
    """The rows of ``file`` by event type.

    Raises:
        ConfigError: it is no such file, or misses or invents a type.
    """
    types = load(file, IncidentTypes).types
    problems = [
        Problem(f"types.{name}", "an event type of the contract", "an unknown name", "remove it")
        for name in types.keys() - EVENT_TYPES.keys()
    ]
    problems += [
        Problem(f"types.{name}", "a row for every event type", "none", f"add {name}:")
        for name in sorted(EVENT_TYPES.keys() - types.keys())
    ]
    if problems:
        raise ConfigError(file, problems)
    return types
