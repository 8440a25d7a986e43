"""From a firing to an alert: who, where, why in both languages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hub_server.alerting.rules import Rule
from hub_server.alerting.signals import Firing
from hub_server.alerting.text import ALWAYS, fill, span
from hub_server.alerting.types import Alert, Reason, alert_id
from hub_server.alerting.when import LevelsWhen
from hub_server.alerting.when_fields import ReasonText
from linli_contract.event_types import Colour


def make_alert(
    rule: Rule,
    key: str,
    firing: Firing,
    now: datetime,
    *,
    late: bool = False,
    passing: bool = False,
    repeated_at: datetime | None = None,
) -> Alert:
    """The alert; its id is a pure function of what fired."""
    spec, site = rule.spec, firing.site
    cause = firing.event_id or firing.time.isoformat()
    cause += f"|again {repeated_at.isoformat()}" if repeated_at else ""
    cause += f"|{firing.colour}" if firing.colour else ""
    alert = Alert(
        id=alert_id(spec.name, key, cause),
        rule=spec.name,
        rules_version=rule.version,
        type=spec.type,
        colour=firing.colour or spec.colour or Colour.BLUE,
        county=site.county,
        community=site.community,
        town=site.town,
        device=site.device,
        source=site.source,
        zone=firing.zone,
        grid=site.grid,
        lat=site.lat,
        lon=site.lon,
        time=repeated_at or firing.time,
        fired_at=now,
        late=late,
        at_once=spec.at_once,
        reason=_reason(rule, firing),
        event_id=firing.event_id,
        group_key="",
        observation_id=firing.observation_id,
        pictures=firing.pictures,
        labels=spec.labels,
        repeats=repeated_at is not None,
        passing=passing,
        eases=firing.eases,
    )
    return replace(alert, group_key=group_key(spec.group.by, alert))


def _reason(rule: Rule, firing: Firing) -> Reason:
    site, fields = firing.site, (*rule.spec.when.fields, *ALWAYS)
    values = {**firing.values, "device": site.device, "source": site.source, "zone": firing.zone}
    words = _template(rule, firing)
    zh = fill(words.zh, {**values, **_names(firing, "zh")}, fields)
    en = fill(words.en, {**values, **_names(firing, "en")}, fields)
    return Reason(zh, en, values)


def _template(rule: Rule, firing: Firing) -> ReasonText:
    when = rule.spec.when
    own = when.reason_of(firing.colour) if isinstance(when, LevelsWhen) else None
    return own or rule.spec.reason


def _names(firing: Firing, language: str) -> dict[str, str]:
    """What people call the source and the zone, and those of each sub-condition."""
    site = firing.site
    names = {"name": getattr(site, language), "zone": site.zone(firing.zone, language)}
    names |= _spans(firing, language) | firing.words.get(language, {})
    for part, place in firing.sites.items():
        names[f"{part}_name"] = getattr(place, language)
        names[f"{part}_zone"] = place.zone(str(firing.values.get(f"{part}_zone", "")), language)
    return names


def _spans(firing: Firing, language: str) -> dict[str, str]:
    """Times in words: ``lasting`` beside ``seconds``, ``dwell`` beside ``dwell_s``."""
    found: dict[str, str] = {}
    for name, value in firing.values.items():
        for ending, spoken in (("dwell_s", "dwell"), ("seconds", "lasting")):
            if name.endswith(ending) and not isinstance(value, str):
                found[name.removesuffix(ending) + spoken] = span(value, language)
    return found


def group_key(by: Sequence[str], alert: Alert) -> str:
    """What ``alert`` shares with others of one incident, by what its rule groups by."""
    parts = {
        "type": alert.type,
        "source": f"{alert.device}/{alert.source}",
        "zone": f"{alert.device}/{alert.zone}",
        "device": alert.device,
        "grid": alert.grid,
        "community": alert.community,
        "town": alert.town,
        "county": alert.county,
    }
    return "|".join(parts[name] for name in by)
