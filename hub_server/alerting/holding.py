"""What holds an alert back: a graver alert, a silence, maintenance. It is kept, opens nothing yet.

Once nothing holds it, and if it goes on, :mod:`hub_server.pipeline.taking_up` opens it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, exists, select

from hub_server.alerting.matcher import Told
from hub_server.alerting.rules import Rules
from hub_server.alerting.scope import Scope
from hub_server.alerting.silences import Kind, Silence, covering
from hub_server.alerting.spec import Inhibitor
from hub_server.alerting.types import Alert
from hub_server.ledger.tables import alerts, devices

INHIBITED = "inhibited"
_MARKS = {Kind.SILENCE: "silenced", Kind.MAINTENANCE: "maintenance"}


@dataclass(frozen=True)
class Held:
    """Why an alert opens nothing: ``inhibited``, ``silenced`` or ``maintenance``, and by what."""

    why: str
    by: str
    """The id of that alert or silence."""


def holds(conn: Connection, new: Sequence[Alert], rules: Rules) -> dict[str, Held]:
    """Alert id → what holds it back. The alerts themselves are in the ledger already."""
    if not new:
        return {}
    times = [alert.time for alert in new]
    quiet = covering(conn, min(times), max(times))
    found = {alert.id: hold_of(conn, alert, quiet, rules) for alert in new}
    return {name: held for name, held in found.items() if held}


def hold_of(conn: Connection, alert: Alert, quiet: Sequence[Silence], rules: Rules) -> Held | None:
    """What holds ``alert`` back at its time; ``quiet`` are the silences around then."""
    told = _told(alert)
    for one in quiet:
        if one.covers(alert.time) and one.matcher.matches(told):
            return Held(_MARKS[one.kind], one.id)
    rule = rules.named(alert.rule)
    for inhibitor in rule.spec.inhibited_by if rule else ():
        graver = conn.scalar(still_open(inhibitor, alert)) or conn.scalar(
            then_open(inhibitor, alert)
        )
        if graver:
            return Held(INHIBITED, graver)
    return None


def _told(alert: Alert) -> Told:
    return Told(
        rule=alert.rule,
        type=alert.type,
        device=alert.device,
        source=alert.source,
        zone=alert.zone,
        grid=alert.grid,
        colour=alert.colour.value,
        labels=alert.labels,
    )


# two queries, because SQLite walks through every alert for a condition with OR


def still_open(inhibitor: Inhibitor, alert: Alert) -> Select[str]:
    """An alert that holds still."""
    return _before(inhibitor, alert).where(alerts.c.ended_at.is_(None))


def then_open(inhibitor: Inhibitor, alert: Alert) -> Select[str]:
    """An alert that held when ``alert`` fired."""
    return _before(inhibitor, alert).where(alerts.c.ended_at > alert.time)


def _before(inhibitor: Inhibitor, alert: Alert) -> Select[str]:
    """An alert from before ``alert``, at the same place.

    One of a device that was revoked holds nothing back: nobody will say that it is over.
    """
    query = select(alerts.c.id).where(
        *_place(inhibitor.same, alert),
        alerts.c.id != alert.id,
        alerts.c.rule != alert.rule,
        (alerts.c.held != INHIBITED) | alerts.c.incident.is_not(None),  # or was taken up
        ~exists().where(devices.c.device == alerts.c.device, devices.c.revoked_at.is_not(None)),
        alerts.c.time <= alert.time,
    )
    if inhibitor.type:
        query = query.where(alerts.c.type == inhibitor.type)
    if inhibitor.rule:
        query = query.where(alerts.c.rule == inhibitor.rule)
    if inhibitor.colours:
        query = query.where(alerts.c.colour.in_([colour.value for colour in inhibitor.colours]))
    return query.order_by(alerts.c.time.desc(), alerts.c.id).limit(1)


def _place(same: Scope, alert: Alert) -> list[ColumnElement[bool]]:
    match same:
        case Scope.ZONE | Scope.SOURCE:
            zone = [alerts.c.zone == alert.zone] if same is Scope.ZONE else []
            return [alerts.c.device == alert.device, alerts.c.source == alert.source, *zone]
        case Scope.DEVICE:
            return [alerts.c.device == alert.device]
        case Scope.GRID:
            return [alerts.c.grid == alert.grid]
        case Scope.COMMUNITY:
            return [alerts.c.community == alert.community]
        case Scope.TOWN:
            return [alerts.c.grid.startswith(alert.town or alert.grid, autoescape=True)]
        case Scope.COUNTY:
            return []
