"""The hub's own figures over a Prometheus data source: one page, for whoever runs it."""

from itertools import cycle

from linli_contract.event_types import Colour
from linli_dashboards.colours import LEVEL_HEX, PALETTE, TEXT
from linli_dashboards.operation_charts import CHARTS, TILES, WRONG, Chart
from linli_dashboards.page import page
from linli_dashboards.panels import Json, Place, fixed
from linli_dashboards.strings import Lang, Words

DATASOURCE: Json = {"type": "prometheus", "uid": "linli-prometheus"}
"""The data source of deploy/prometheus/grafana-datasource.yaml."""
TITLE = Words("邻里 · 运行", "Linli · operation")
_HEIGHT, _ACROSS = 7, 3


def operation_page(lang: Lang = "zh") -> Json:
    """The dashboard's JSON model."""
    panels = [_tile(n, tile, lang) for n, tile in enumerate(TILES)]
    panels += [_chart(n, chart, lang) for n, chart in enumerate(CHARTS)]
    return page(f"linli-operation-{lang}", TITLE.to(lang), "now-6h", panels)


def _targets(chart: Chart, lang: Lang) -> list[Json]:
    return [
        {
            "refId": chr(ord("A") + n),
            "datasource": DATASOURCE,
            "expr": line.expr,
            "legendFormat": line.name.to(lang),
            "range": True,
        }
        for n, line in enumerate(chart.lines)
    ]


def _panel(kind: str, chart: Chart, place: Place, lang: Lang, **rest: object) -> Json:
    return {
        "type": kind,
        "title": chart.title.to(lang),
        "gridPos": place._asdict(),
        "datasource": DATASOURCE,
        "targets": _targets(chart, lang),
        **rest,
    }


def _tile(n: int, tile: Chart, lang: Lang) -> Json:
    steps: list[Json] = [{"color": TEXT, "value": None}]
    if tile in WRONG:
        steps.append({"color": LEVEL_HEX[Colour.RED], "value": 1})
    defaults: Json = {
        "unit": tile.unit,
        "noValue": "–",
        "decimals": 0,
        "color": {"mode": "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    options: Json = {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False, "fields": ""},
        "colorMode": "value",
        "graphMode": "none",
        "textMode": "value",
        "justifyMode": "center",
    }
    width = 24 // len(TILES)
    place = Place(n * width, 0, width, 4)
    fields: Json = {"defaults": defaults, "overrides": []}
    return _panel("stat", tile, place, lang, options=options, fieldConfig=fields)


def _chart(n: int, chart: Chart, lang: Lang) -> Json:
    row, column = divmod(n, _ACROSS)
    width = 24 // _ACROSS
    place = Place(column * width, 4 + row * _HEIGHT, width, _HEIGHT)
    custom: Json = {
        "drawStyle": "line",
        "fillOpacity": 8,
        "lineWidth": 2,
        "showPoints": "never",
        "spanNulls": False,
    }
    defaults: Json = {"unit": chart.unit, "min": 0, "custom": custom, "noValue": "–"}
    defaults["color"] = {"mode": "palette-classic"}  # which labels there are is known to no page
    options: Json = {
        "legend": {"displayMode": "list", "placement": "bottom", "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    named = zip(chart.lines, cycle(PALETTE), strict=False)
    overrides: list[Json] = [
        {
            "matcher": {"id": "byName", "options": line.name.to(lang)},
            "properties": [{"id": "color", "value": fixed(colour)}],
        }
        for line, colour in named
        if "{{" not in line.name.zh
    ]
    fields: Json = {"defaults": defaults, "overrides": overrides}
    return _panel("timeseries", chart, place, lang, options=options, fieldConfig=fields)
