"""The county overview, for the wall of the command centre: dark, 16:9, one page."""

from itertools import cycle, pairwise

from linli_dashboards import queries
from linli_dashboards.colours import PALETTE, SERIES
from linli_dashboards.incident_map import incident_map
from linli_dashboards.page import page
from linli_dashboards.panels import (
    Json,
    Place,
    fixed,
    level_mapping,
    lines,
    override,
    ranking,
    stacked_bars,
    stat,
    table,
    word_mapping,
)
from linli_dashboards.strings import METRICS, STATES, TYPES, WORDS, Lang, Words
from linli_dashboards.variables import area_variables


def county_overview(lang: Lang = "zh", tiles: str = "") -> Json:
    """The dashboard's JSON model. ``tiles`` is an XYZ address of a map the county may use."""
    panels = [*_top_row(lang), *_left(lang), _middle(lang, tiles), *_right(lang)]
    title, areas = WORDS["overview"].to(lang), area_variables(lang)
    return page(f"linli-county-{lang}", title, "now-24h", panels, areas)


def _top_row(lang: Lang) -> list[Json]:
    figures = {
        "reported_today": (queries.kpi_now("reported_today"), "none"),
        "handling": (queries.kpi_now("handling"), "none"),
        "on_time_closure_rate": (queries.kpi_share_now("closed_on_time", "closed"), "percentunit"),
        "overdue": (queries.kpi_now("overdue"), "none"),
        "devices_online_rate": (queries.kpi_share_now("devices_online", "devices"), "percentunit"),
    }
    edges = (0, 5, 10, 14, 19, 24)
    return [
        stat(WORDS[name].to(lang), Place(x, 0, right - x, 4), query, unit)
        for (name, (query, unit)), (x, right) in zip(figures.items(), pairwise(edges), strict=True)
    ]


def _left(lang: Lang) -> list[Json]:
    started = "\"phase\" = 'start'"
    observations = queries.over_time("count", "observation", "id", ["type"], started)
    readings = queries.over_time("max", "reading", "value", ["type"], fill="none")
    handled = queries.kpi_over_time("handling")
    title = {key: WORDS[key].to(lang) for key in ("observations", "readings", "handling_trend")}
    places = (Place(0, 4, 6, 8), Place(0, 12, 6, 7), Place(0, 19, 6, 7))
    return [
        stacked_bars(
            title["observations"], places[0], observations, "$tag_type", _named(TYPES, lang)
        ),
        lines(title["readings"], places[1], readings, "$tag_type", _named(METRICS, lang)),
        lines(title["handling_trend"], places[2], handled, "handling", [_handling(lang)]),
    ]


def _named(words: dict[str, Words], lang: Lang) -> list[Json]:
    return [
        override("byName", key, displayName=word.to(lang), color=fixed(colour))
        for (key, word), colour in zip(words.items(), cycle(PALETTE), strict=False)
    ]


def _handling(lang: Lang) -> Json:
    name = WORDS["handling"].to(lang)
    return override("byName", "handling", displayName=name, color=fixed(SERIES))


def _middle(lang: Lang, tiles: str) -> Json:
    fields = ["number", "state", "colour", "lat", "lon"]
    query = queries.columns("incident", fields, ["type", "grid"])
    return incident_map(Place(6, 4, 11, 22), query, lang, tiles)


def _right(lang: Lang) -> list[Json]:
    rows = queries.columns("incident", ["number", "state", "colour"], ["type", "grid"])
    feed = table(
        WORDS["feed"].to(lang),
        Place(17, 4, 7, 12),
        f"{rows} ORDER BY time DESC LIMIT 100",
        _feed_columns(lang),
        ["Time", "colour", "type", "state", "grid", "number"],
    )
    link: Json = {
        "title": WORDS["grid"].to(lang),
        "url": f"/d/linli-county-{lang}?var-grid=${{__data.fields.grid}}&${{__url_time_range}}",
    }
    place = Place(17, 16, 7, 10)
    return [feed, ranking(WORDS["ranking"].to(lang), place, queries.kpi_by_grid("handling"), link)]


def _feed_columns(lang: Lang) -> list[Json]:
    def column(name: str, word: str, width: int, **more: object) -> Json:
        shown: dict[str, object] = {"displayName": WORDS[word].to(lang), "custom_width": width}
        return override("byName", name, **shown, **more)

    level: dict[str, object] = {
        "mappings": [level_mapping(lang)],
        "custom_displayMode": "color-text",
    }
    return [
        column("Time", "time", 90, unit="time:HH:mm:ss"),
        column("colour", "colour", 70, **level),
        column("type", "type", 130, mappings=[word_mapping(TYPES, lang)]),
        column("state", "state", 110, mappings=[word_mapping(STATES, lang)]),
        column("grid", "grid", 140),
        column("number", "number", 150),
    ]
