"""The variables at the top of the page: the drill-down county → town → community → grid."""

from linli_dashboards.panels import DATASOURCE, Json
from linli_dashboards.queries import AREA_TAGS, tag_values
from linli_dashboards.strings import WORDS, Lang


def area_variables(lang: Lang) -> list[Json]:
    """One variable for each level; what it offers depends on the levels above it."""
    return [_area_variable(tag, lang) for tag in AREA_TAGS]


def _area_variable(tag: str, lang: Lang) -> Json:
    everything: Json = {"selected": True, "text": "All", "value": "$__all"}
    return {
        "type": "query",
        "name": tag,
        "label": WORDS[tag].to(lang),
        "datasource": DATASOURCE,
        "query": tag_values(tag),
        "definition": tag_values(tag),
        "refresh": 2,  # whenever the time range changes
        "sort": 1,
        "includeAll": True,
        "allValue": ".*",
        "multi": False,
        "current": everything,
        "options": [],
        "hide": 0,
    }
