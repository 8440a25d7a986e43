"""The map in the middle: open incidents where they are, in the colour of their level."""

from linli_dashboards.panels import (
    Json,
    Place,
    level_mapping,
    override,
    panel,
    target,
    word_mapping,
)
from linli_dashboards.strings import FINAL_STATES, STATES, TYPES, WORDS, Lang

NO_TILES = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="
)
"""One transparent pixel: a county network has no internet, so no tile server is asked unless
its address is given. (With an empty address Grafana falls back to a public server.)"""


def incident_map(place: Place, query: str, lang: Lang, tiles: str) -> Json:
    """``query`` gives every change of every incident; only the last of each open one stays."""
    return panel(
        "geomap",
        WORDS["map"].to(lang),
        place,
        [target(query, "table")],
        options=_options(tiles),
        fieldConfig={"defaults": {}, "overrides": _columns(lang)},
        transformations=[_newest_of_each(), *_without_final()],
    )


def _options(tiles: str) -> Json:
    size: Json = {"fixed": 8, "min": 4, "max": 12}
    style: Json = {"color": {"field": "colour"}, "size": size, "opacity": 0.9, "symbol": _CIRCLE}
    markers: Json = {
        "type": "markers",
        "name": "incidents",
        "config": {"style": style, "showLegend": False},
        "location": {"mode": "coords", "latitude": "lat", "longitude": "lon"},
        "tooltip": True,
    }
    basemap: Json = {"type": "xyz", "name": "tiles", "config": {"url": tiles or NO_TILES}}
    return {
        "basemap": basemap,
        "layers": [markers],
        "view": {"id": "fit", "allLayers": True, "lastOnly": False, "padding": 20, "zoom": 15},
        "controls": {"showZoom": True, "mouseWheelZoom": True, "showAttribution": False},
        "tooltip": {"mode": "details"},
    }


_CIRCLE: Json = {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"}
_KEPT = ("lat", "lon", "colour", "state", "type", "grid")


def _newest_of_each() -> Json:
    fields: Json = {
        name: {"aggregations": ["lastNotNull"], "operation": "aggregate"} for name in _KEPT
    }
    fields["number"] = {"aggregations": [], "operation": "groupby"}
    return {"id": "groupBy", "options": {"fields": fields}}


def _without_final() -> list[Json]:
    """groupBy names its columns ``state (lastNotNull)``; the plain names come back first."""
    back = {f"{name} (lastNotNull)": name for name in _KEPT}
    condition: Json = {"id": "regex", "options": {"value": f"^({'|'.join(FINAL_STATES)})$"}}
    refuse: Json = {
        "filters": [{"fieldName": "state", "config": condition}],
        "type": "exclude",
        "match": "any",
    }
    return [
        {"id": "organize", "options": {"renameByName": back}},
        {"id": "filterByValue", "options": refuse},
    ]


def _columns(lang: Lang) -> list[Json]:
    return [
        override("byName", "colour", mappings=[level_mapping(lang)]),
        override("byName", "state", mappings=[word_mapping(STATES, lang)]),
        override("byName", "type", mappings=[word_mapping(TYPES, lang)]),
    ]
