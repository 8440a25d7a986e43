"""Incidents that the alerts of a batch open, each the first of its group: written together.

A storm opens thousands within a minute, where a power line or a network fails. Row by row that
costs the hub milliseconds a case; written together it costs a few statements a batch.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, or_, select

from hub_server.alerting.types import Alert, incident_id
from hub_server.incidents.life import FINAL, OwnStep
from hub_server.incidents.policy import OpeningPolicy, due
from hub_server.incidents.work_time import CHINA
from hub_server.ledger import counters
from hub_server.ledger.tables import incident_pictures, incidents, steps
from hub_server.ledger.upsert import put
from hub_server.outbound.enqueue import incidents_changed

LINLI = "linli"
"""The actor of steps that the program takes by itself."""
MOST_PICTURES = 4
"""Of one step (domain.md); those of all joined alerts count together."""
_NEAR = (
    select(incidents.c.group_key)
    .where(
        incidents.c.group_key.in_(bindparam("groups", expanding=True)),
        or_(
            incidents.c.state.not_in([state.value for state in FINAL]),
            incidents.c.updated_at > bindparam("since"),
            incidents.c.closed_at > bindparam("since"),
        ),
    )
    .distinct()
)
_STEP = insert(steps).returning(steps.c.seq, sort_by_parameter_order=True)


class NewCases:
    """The new incidents of one batch. Belongs to one transaction."""

    def __init__(
        self, conn: Connection, alerts: Iterable[Alert], policy: OpeningPolicy, now: datetime
    ) -> None:
        self._conn, self._policy, self._now = conn, policy, now
        self._near = _near(conn, alerts, policy, now)
        self._pending: list[Alert] = []

    def take(self, alert: Alert) -> str | None:
        """The incident that ``alert`` will open at the next :meth:`write`; None where its group
        has one that may take it in, or one that it could reopen."""
        if alert.eases or alert.group_key in self._near:
            return None
        self._near.add(alert.group_key)
        self._pending.append(alert)
        return incident_id(alert.id)

    def write(self) -> None:
        """Write those that wait, in order."""
        pending, self._pending = self._pending, []
        open_new(self._conn, pending, self._policy, self._now)


def open_new(
    conn: Connection, alerts: Sequence[Alert], policy: OpeningPolicy, now: datetime
) -> list[int]:
    """Open an incident for each of ``alerts``, each of another group, and queue what others must
    hear of it; the first step of each."""
    if not alerts:
        return []
    numbers = case_numbers(conn, policy.county, now, len(alerts))
    change = counters.next_changes(conn, len(alerts))
    rows = [
        _row(alert, number, change + place, policy, now)
        for place, (alert, number) in enumerate(zip(alerts, numbers, strict=True))
    ]
    conn.execute(insert(incidents), rows)
    made = [int(seq) for seq in conn.scalars(_STEP, [_step(alert, now) for alert in alerts])]
    _note_pictures(conn, alerts, made)
    told = [(incident_id(alert.id), seq) for alert, seq in zip(alerts, made, strict=True)]
    incidents_changed(conn, told, policy.targets, now)
    return made


def case_numbers(conn: Connection, county: str, opened_at: datetime, n: int) -> list[str]:
    """The next numbers that people say: ``330899-20261122-0001`` (county, local day, count)."""
    day = opened_at.astimezone(CHINA).strftime("%Y%m%d")
    first = counters.next_numbers(conn, f"{county}-{day}", n)
    return [f"{county}-{day}-{number:04d}" for number in range(first, first + n)]


def _near(
    conn: Connection, alerts: Iterable[Alert], policy: OpeningPolicy, now: datetime
) -> set[str]:
    """The groups of which an incident is open, or ended not long enough ago for any type."""
    found = list(alerts)
    if not found:
        return set()
    longest = max(policy.types[alert.type].cool_down for alert in found)
    groups = sorted({alert.group_key for alert in found})
    rows = conn.scalars(_NEAR, {"groups": groups, "since": now - timedelta(seconds=longest)})
    return set(rows)


def _row(
    alert: Alert, number: str, change: int, policy: OpeningPolicy, now: datetime
) -> dict[str, object]:
    kind = policy.types[alert.type]
    return {
        "id": incident_id(alert.id),
        "number": number,
        "type": alert.type,
        "code": kind.code,
        "group_key": alert.group_key,
        "state": "pending_verify",
        "colour": alert.colour.value,
        "severity": kind.severity.value,
        "grid": alert.grid,
        "device": alert.device,
        "source": alert.source,
        "zone": alert.zone,
        "lat": alert.lat,
        "lon": alert.lon,
        "reason": alert.reason.as_json(),
        "occurred_at": alert.time,
        "opened_at": now,
        "updated_at": now,
        **due(kind, policy.calendar, now),
        "late": alert.late,
        "change": change,
    }


def _step(alert: Alert, now: datetime) -> dict[str, object]:
    return {
        "incident": incident_id(alert.id),
        "action": OwnStep.REPORT.value,
        "from_state": "reported",
        "to_state": "pending_verify",
        "actor": LINLI,
        "at": now,
        "detail": step_detail(alert),
    }


def step_detail(alert: Alert) -> dict[str, object]:
    """What a step that an alert took says of it."""
    detail: dict[str, object] = {"alert": alert.id, "rule": alert.rule}
    detail["colour"] = alert.colour.value
    return detail | ({"held": alert.held} if alert.held else {})


def _note_pictures(conn: Connection, alerts: Sequence[Alert], made: Sequence[int]) -> None:
    rows = [
        {"incident": incident_id(alert.id), "sha256": sha256, "kind": kind, "step": step}
        for alert, step in zip(alerts, made, strict=True)
        for sha256, kind in alert.pictures[:MOST_PICTURES]
    ]
    if rows:
        keys = tuple(column.name for column in incident_pictures.primary_key)
        conn.execute(put(conn, incident_pictures, keys), rows)
