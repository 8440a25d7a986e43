"""Builders of panels in the JSON schema of Grafana 9; positions are grid units, 24 to a row."""

from typing import NamedTuple

from linli_dashboards.colours import LEVEL_HEX, SERIES, TEXT
from linli_dashboards.strings import LEVELS, Lang, Words

Json = dict[str, object]

DATASOURCE: Json = {"type": "influxdb", "uid": "linli-influxdb"}
"""The InfluxQL data source that deploy/grafana provisions under this uid."""


class Place(NamedTuple):
    """Where a panel stands: left edge and top, width and height in grid units."""

    x: int
    y: int
    w: int
    h: int


def target(query: str, form: str = "time_series", alias: str = "", ref: str = "A") -> Json:
    """One query of a panel; ``form`` is ``time_series`` or ``table``."""
    text: Json = {
        "refId": ref,
        "datasource": DATASOURCE,
        "rawQuery": True,
        "query": query,
        "resultFormat": form,
    }
    return {**text, "alias": alias} if alias else text


def panel(kind: str, title: str, place: Place, targets: list[Json], **rest: object) -> Json:
    """What all panels have; ``rest`` is options, fieldConfig, transformations, links."""
    return {
        "type": kind,
        "title": title,
        "gridPos": place._asdict(),
        "datasource": DATASOURCE,
        "targets": targets,
        **rest,
    }


def fixed(colour: str) -> Json:
    """A colour that no value changes."""
    return {"mode": "fixed", "fixedColor": colour}


def override(matcher: str, name: str, **properties: object) -> Json:
    """Properties for the field called ``name``; ``_`` in a property's name stands for a dot."""
    return {
        "matcher": {"id": matcher, "options": name},
        "properties": [{"id": k.replace("_", "."), "value": v} for k, v in properties.items()],
    }


def word_mapping(words: dict[str, Words], lang: Lang) -> Json:
    """Shows a stored name as the word people use."""
    options = {
        str(key): {"text": word.to(lang), "index": n} for n, (key, word) in enumerate(words.items())
    }
    return {"type": "value", "options": options}


def level_mapping(lang: Lang) -> Json:
    """Shows ``red`` as 红色, in red."""
    options = {
        level.value: {"text": word.to(lang), "color": LEVEL_HEX[level], "index": n}
        for n, (level, word) in enumerate(LEVELS.items())
    }
    return {"type": "value", "options": options}


def stat(title: str, place: Place, query: str, unit: str = "none") -> Json:
    """One large figure."""
    defaults: Json = {"unit": unit, "color": fixed(TEXT), "noValue": "–"}
    options: Json = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "value",
        "justifyMode": "center",
        "orientation": "auto",
    }
    field_config: Json = {"defaults": defaults, "overrides": []}
    return panel("stat", title, place, [target(query)], options=options, fieldConfig=field_config)


def lines(title: str, place: Place, query: str, alias: str, names: list[Json]) -> Json:
    """Lines over time; ``names`` are overrides that name and colour the series."""
    custom: Json = {
        "drawStyle": "line",
        "fillOpacity": 10,
        "lineWidth": 2,
        "showPoints": "never",
        "spanNulls": True,
    }
    return _trend(title, place, query, alias, names, custom)


def stacked_bars(title: str, place: Place, query: str, alias: str, names: list[Json]) -> Json:
    """Bars over time, one upon the other; ``names`` are as with :func:`lines`."""
    custom: Json = {
        "drawStyle": "bars",
        "fillOpacity": 80,
        "lineWidth": 0,
        "stacking": {"mode": "normal", "group": "A"},
    }
    return {**_trend(title, place, query, alias, names, custom), "interval": "30m"}


def _trend(
    title: str, place: Place, query: str, alias: str, names: list[Json], custom: Json
) -> Json:
    defaults: Json = {"color": fixed(SERIES), "custom": custom, "unit": "short", "min": 0}
    options: Json = {
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    field_config: Json = {"defaults": defaults, "overrides": names}
    targets = [target(query, alias=alias)]
    return panel("timeseries", title, place, targets, options=options, fieldConfig=field_config)


def ranking(title: str, place: Place, query: str, link: Json) -> Json:
    """Horizontal bars, one for each grid, the largest first; a click drills down."""
    defaults: Json = {"color": fixed(SERIES), "min": 0, "links": [link], "noValue": "–"}
    options: Json = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": True, "limit": 12, "fields": "/^n$/"},
        "orientation": "horizontal",
        "displayMode": "basic",
        "showUnfilled": True,
    }
    # Grafana guesses that a grid's code is a number, and then scales the bars by it.
    as_text: Json = {"targetField": "grid", "destinationType": "string"}
    convert: Json = {"id": "convertFieldType", "options": {"conversions": [as_text]}}
    sort: Json = {"id": "sortBy", "options": {"sort": [{"field": "n", "desc": True}]}}
    field_config: Json = {"defaults": defaults, "overrides": []}
    return panel(
        "bargauge",
        title,
        place,
        [target(query, "table")],
        options=options,
        fieldConfig=field_config,
        transformations=[convert, sort],
    )


def table(title: str, place: Place, query: str, columns: list[Json], order: list[str]) -> Json:
    """Rows, the newest first; ``columns`` are overrides, ``order`` the fields as shown."""
    arrange: Json = {
        "id": "organize",
        "options": {"indexByName": {name: n for n, name in enumerate(order)}},
    }
    options: Json = {"showHeader": True, "footer": {"show": False}}
    defaults: Json = {"custom": {"align": "left", "filterable": False}, "color": fixed(TEXT)}
    field_config: Json = {"defaults": defaults, "overrides": columns}
    return panel(
        "table",
        title,
        place,
        [target(query, "table")],
        options=options,
        fieldConfig=field_config,
        transformations=[arrange],
    )
