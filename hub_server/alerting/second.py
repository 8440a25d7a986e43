"""From the alerts of the rules over inputs to the inputs of the rules over alerts."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from hub_server.alerting.engine import Arrival
from hub_server.alerting.inputs import AlertInput, Site
from hub_server.alerting.rules import Rules
from hub_server.alerting.types import Alert

Names = dict[str, tuple[str, str]]
NamesOf = Callable[[str], Names]
"""Grid → the names of the areas around it, by level, in Chinese and English."""
Place = tuple[str, str]
_NO_CLOCK = datetime(1970, 1, 1, tzinfo=UTC)
"""Alerts come from many sources: no one's clock says that no other has more to tell."""


def nameless(_grid: str) -> Names:
    """Where areas have no names: their codes serve."""
    return {}


def alert_inputs(alerts: Iterable[Alert], names_of: NamesOf) -> list[AlertInput]:
    """Those that count: nothing held them back, and they tell something new."""
    return [
        _input(alert, names_of(alert.grid))
        for alert in alerts
        if not (alert.held or alert.repeats or alert.eases)
    ]


def arrivals_of(items: Iterable[AlertInput]) -> list[Arrival]:
    """As the engine takes them in: the turn of rules that wait comes by the hub's clock."""
    return [Arrival(item, _NO_CLOCK) for item in items]


def by_stage(rules: Rules, due: Iterable[Place]) -> tuple[list[Place], list[Place]]:
    """Places of the rules over inputs, and of those over alerts."""
    found: tuple[list[Place], list[Place]] = ([], [])
    for place in due:
        found[place[0] in rules.second].append(place)
    return found


def _input(alert: Alert, areas: Names) -> AlertInput:
    zh, en = areas.get("community") or areas.get("grid") or (alert.grid, alert.grid)
    site = Site(
        county=alert.county,
        device=alert.device,
        source=alert.source,
        grid=alert.grid,
        lat=alert.lat,
        lon=alert.lon,
        zh=zh,
        en=en,
        community=alert.community,
        town=alert.town,
    )
    return AlertInput(
        site=site,
        time=alert.time,
        received_at=alert.fired_at,
        event_id=alert.id,
        rule=alert.rule,
        alert_type=alert.type,
        colour=alert.colour,
        areas=areas,
        aged=alert.late,
    )
