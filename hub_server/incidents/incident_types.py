"""What an incident of each type is: class code, limits, who may close it, how long it cools down.

Data of the county (``rules/incident_types.yaml``), never constants of the code.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub_server.incidents.work_time import (
    Calendar,
    Span,
    WorkingHours,
    after_days,
    after_hours,
)
from linli_contract.event_types import EVENT_TYPES
from linli_settings import ConfigError, Duration, Problem, located, parse, read_yaml

OFFICE_HOURS: tuple[Span, ...] = ((time(8, 30), time(12)), (time(14), time(17, 30)))
"""Where a county's file says nothing else."""
Stage = Literal["dispatch", "handle", "check", "total"]


class Severity(StrEnum):
    """一般, 较大, 重大, 特别重大. Not the warning colour of an alert."""

    GENERAL = "general"
    LARGER = "larger"
    MAJOR = "major"
    GRAVE = "grave"


class Unit(StrEnum):
    """Of a time limit. Working time counts by the holiday calendar and the working hours."""

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

    @model_validator(mode="after")
    def _whole(self) -> "Limit":
        if self.unit is Unit.WORK_DAY and self.value != int(self.value):
            raise ValueError("whole working days; use work_hour for parts of one")
        return self

    def due(self, start: datetime, hours: Sequence[Span], calendar: Calendar) -> datetime:
        """When it runs out.

        Raises:
            UnknownYearError: it is counted in working time and nobody knows the holidays.
        """
        match self.unit:
            case Unit.URGENT_HOUR:
                return start + timedelta(hours=self.value)
            case Unit.NATURAL_DAY:
                return start + timedelta(days=self.value)
            case Unit.WORK_HOUR:
                return after_hours(start, self.value, hours, calendar)
            case Unit.WORK_DAY:
                return after_days(start, int(self.value), hours, calendar)


class Handler(_Strict):
    zh: str
    en: str


class IncidentType(_Strict):
    """One type's row; ``source`` says where code, limit and handler come from."""

    code: Annotated[str, StringConstraints(pattern=r"^\d{4,5}$")]
    severity: Severity = Severity.GENERAL
    limits: dict[Stage, Limit] = {}
    working_hours: WorkingHours | None = None
    """None: those of the file."""
    self_handled: bool = False
    cool_down: Duration
    first_handler: Handler
    source: Annotated[str, StringConstraints(min_length=3)]


class IncidentTypes(_Strict):
    """The file."""

    types: dict[str, IncidentType]
    working_hours: WorkingHours = OFFICE_HOURS


def load_incident_types(file: Path) -> Mapping[str, IncidentType]:
    """The rows of ``file`` by event type; see :func:`parse_incident_types`."""
    return parse_incident_types(read_yaml(file), file)


def parse_incident_types(text: str, file: Path | str) -> Mapping[str, IncidentType]:
    """The rows of ``text`` by event type; ``file`` is only named in messages.

    Raises:
        ConfigError: it is no such file, or misses or invents a type.
    """
    found = parse(text, IncidentTypes, file)
    types = found.types
    problems = [_unknown(name) for name in types if name not in EVENT_TYPES]
    problems += [
        Problem(f"types.{name}", "a row for every event type", "none", f"add {name}:")
        for name in sorted(EVENT_TYPES.keys() - types.keys())
    ]
    if problems:
        raise ConfigError(file, located(text, problems))
    hours = found.working_hours
    return {
        name: kind.model_copy(update={"working_hours": kind.working_hours or hours})
        for name, kind in types.items()
    }


def _unknown(name: str) -> Problem:
    near = get_close_matches(name, EVENT_TYPES, n=1)
    fix = f"did you mean {near[0]!r}?" if near else "remove it"
    return Problem(f"types.{name}", "an event type of the contract", repr(name), fix)
