"""What the county data centre is told: one CloudEvents 1.0 event for each step of a case."""

from datetime import UTC, datetime
from typing import TypedDict

from sqlalchemy import RowMapping

EVENT_TYPE = "linli.incident.changed"
SCHEMA = "urn:linli:schema:county-incident:1"


class CountyEvent(TypedDict):
    """CloudEvents 1.0 in JSON; ``id`` is the idempotency key."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    dataschema: str
    data: dict[str, object]


def timestamp(value: datetime) -> str:
    """RFC 3339 in UTC with a Z."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def county_message(incident: RowMapping, step: RowMapping, county: str) -> CountyEvent:
    """The event for one step: the case as it is after it, and the step itself."""
    return CountyEvent(
        specversion="1.0",
        id=f"{incident['id']}:{step['seq']}",
        source=f"/linli/{county}/hub",
        type=EVENT_TYPE,
        subject=str(incident["id"]),
        time=timestamp(step["at"]),
        datacontenttype="application/json",
        dataschema=SCHEMA,
        data={"case": _case(incident, str(step["to_state"])), "step": _step(step)},
    )


_PLAIN = (
    "number",
    "type",
    "code",
    "colour",
    "severity",
    "grid",
    "device",
    "source",
    "zone",
    "lat",
    "lon",
    "reason",
    "worker",
    "check_result",
    "rework_count",
    "alert_count",
    "late",
)
_TIMES = ("occurred_at", "opened_at", "due_at", "closed_at", "ended_at")


def _case(incident: RowMapping, state: str) -> dict[str, object]:
    times = {name: timestamp(incident[name]) if incident[name] else None for name in _TIMES}
    return {"state": state, **{name: incident[name] for name in _PLAIN}, **times}


def _step(step: RowMapping) -> dict[str, object]:
    plain = ("action", "from_state", "to_state", "actor", "note", "detail")
    return {"seq": step["seq"], "at": timestamp(step["at"]), **{n: step[n] for n in plain}}
