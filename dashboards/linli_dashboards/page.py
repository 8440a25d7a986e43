"""What every page has in common: dark, new each half minute, its panels numbered in order."""

from collections.abc import Iterable, Sequence

from linli_dashboards.panels import Json

SCHEMA_VERSION = 36
"""Of Grafana 9.0; newer ones migrate it by themselves."""


def page(
    uid: str, title: str, since: str, panels: Iterable[Json], variables: Sequence[Json] = ()
) -> Json:
    """A dashboard's JSON model that shows the time from ``since`` (``now-6h``) until now."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["linli"],
        "style": "dark",
        "timezone": "browser",
        "schemaVersion": SCHEMA_VERSION,
        "version": 0,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": since, "to": "now"},
        "templating": {"list": list(variables)},
        "annotations": {"list": []},
        "links": [],
        "panels": [{**each, "id": n} for n, each in enumerate(panels, start=1)],
    }
