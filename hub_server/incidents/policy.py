"""What a county decides about incidents, and the time limits that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from hub_server.incidents.incident_types import OFFICE_HOURS, IncidentType
from hub_server.incidents.work_time import Calendar, Workdays
from linli_settings.holidays import UnknownYearError

log = structlog.get_logger("incidents")


@dataclass(frozen=True)
class OpeningPolicy:
    """What the county decides about incidents."""

    county: str
    types: Mapping[str, IncidentType]
    targets: tuple[str, ...] = ()
    """Who hears of an incident: the county link and the notifiers. No notifier pages a late one."""
    calendar: Calendar = field(default_factory=Workdays)
    """Of the limits that are counted in working time."""


def due(kind: IncidentType, calendar: Calendar, now: datetime) -> dict[str, object]:
    """When a case that begins ``now`` must be done; where nobody can say, why. As columns."""
    limit = kind.limits.get("total") or kind.limits.get("handle")
    try:
        at = limit.due(now, kind.working_hours or OFFICE_HOURS, calendar) if limit else None
    except UnknownYearError as error:
        fix = "add the year to holidays.yaml, or update chinesecalendar where there is none"
        log.error("a case has no time limit", error=str(error), fix=fix)
        return {"due_at": None, "due_fault": str(error)}
    return {"due_at": at, "due_fault": ""}
