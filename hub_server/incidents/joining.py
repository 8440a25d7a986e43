"""The alerts of a batch that only join: nobody hears of them, so they are written together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from hub_server.alerting.types import Alert, worse
from hub_server.incidents.life import FINAL
from hub_server.incidents.new_cases import MOST_PICTURES
from hub_server.incidents.opening import ALERT_KINDS
from hub_server.ledger import counters
from hub_server.ledger.tables import incident_pictures, incidents
from hub_server.ledger.upsert import insert
from linli_contract.event_types import Colour

_OPEN = select(incidents.c.id, incidents.c.group_key, incidents.c.colour, incidents.c.late).where(
    incidents.c.group_key.in_(bindparam("keys", expanding=True)),
    incidents.c.state.not_in([state.value for state in FINAL]),
)
_JOIN = (
    update(incidents)
    .where(incidents.c.id == bindparam("_id"))
    .values(
        alert_count=incidents.c.alert_count + bindparam("_joined"),
        late=bindparam("_late"),
        ended_at=None,
        updated_at=bindparam("_now"),
        change=bindparam("_change"),
    )
)
_PICTURES = select(
    incident_pictures.c.incident, incident_pictures.c.sha256, incident_pictures.c.kind
).where(
    incident_pictures.c.incident.in_(bindparam("ids", expanding=True)),
    incident_pictures.c.kind.in_(ALERT_KINDS),
)


@dataclass
class _Case:
    """An open incident, with what joined it since it was read."""

    id: str
    colour: Colour
    late: bool
    joined: int = 0
    pictures: list[tuple[tuple[str, str], ...]] = field(default_factory=list)


class Joins:
    """The open incidents of the groups of a batch. Belongs to one transaction."""

    def __init__(self, conn: Connection, alerts: Iterable[Alert]) -> None:
        self._conn = conn
        self._cases: dict[str, _Case] = {}
        self.look({alert.group_key for alert in alerts})

    def look(self, groups: Iterable[str]) -> None:
        """Read the open incidents of ``groups``."""
        keys = list(groups)
        for row in self._conn.execute(_OPEN, {"keys": keys}) if keys else ():
            self._cases[row.group_key] = _Case(row.id, Colour(row.colour), row.late)

    def opens(self, alert: Alert, incident: str) -> None:
        """``alert`` opens ``incident``, which is written before what joins it."""
        self._cases[alert.group_key] = _Case(incident, alert.colour, alert.late)

    def take(self, alert: Alert) -> str | None:
        """The incident that ``alert`` joins without raising its colour; None where there is none:
        then others hear of it, and it is a matter of its own."""
        case = self._cases.get(alert.group_key)
        if case is None or worse(case.colour, alert.colour) is not case.colour:
            return None
        case.joined += 1
        case.late = case.late and alert.late
        if alert.pictures:
            case.pictures.append(alert.pictures)
        return case.id

    def write(self, now: datetime, group: str | None = None) -> None:
        """Write what joined, of ``group`` alone or of all, and forget these incidents."""
        groups = list(self._cases) if group is None else [group]
        cases = [case for key in groups if (case := self._cases.pop(key, None)) and case.joined]
        if not cases:
            return
        first = counters.next_changes(self._conn, len(cases))
        rows = [
            {"_id": c.id, "_joined": c.joined, "_late": c.late, "_now": now, "_change": first + n}
            for n, c in enumerate(cases)
        ]
        self._conn.execute(_JOIN, rows)
        self._add_pictures([case for case in cases if case.pictures])

    def _add_pictures(self, cases: list[_Case]) -> None:
        if not cases:
            return
        known: dict[str, set[tuple[str, str]]] = {case.id: set() for case in cases}
        for row in self._conn.execute(_PICTURES, {"ids": list(known)}):
            known[row.incident].add((row.sha256, row.kind))
        rows = [
            {"incident": case.id, "sha256": sha256, "kind": kind}
            for case in cases
            for sha256, kind in _fitting(case, known[case.id])
        ]
        if rows:
            put = insert(self._conn, incident_pictures)
            self._conn.execute(put.on_conflict_do_nothing(), rows)


def _fitting(case: _Case, known: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The first pictures that are new, as far as there is room in the incident."""
    added: list[tuple[str, str]] = []
    for pictures in case.pictures:
        room = max(0, MOST_PICTURES - len(known))
        added += [one for one in dict.fromkeys(pictures[:room]) if one not in known]
        known.update(pictures[:room])
    return added
