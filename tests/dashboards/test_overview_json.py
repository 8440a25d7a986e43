"""The built JSON: what stands where, and that every query asks only for what the hub writes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from linli_dashboards import queries
from linli_dashboards.colours import LEVEL_HEX
from linli_dashboards.files import encode, write_all
from linli_dashboards.incident_map import NO_TILES
from linli_dashboards.overview import county_overview
from linli_dashboards.schema import MEASUREMENTS, TAGS, UnknownNameError
from linli_dashboards.strings import METRICS, STATES, TYPES, WORDS, Lang
from linli_dashboards.variables import area_variables
from tests.dashboards.grid import assert_no_overlap

Panel = dict[str, Any]


def panels(lang: Lang = "zh") -> list[Panel]:
    built = json.loads(encode(county_overview(lang)))
    return list(built["panels"])


def all_queries(lang: Lang = "zh") -> list[str]:
    asked = [each["query"] for panel in panels(lang) for each in panel["targets"]]
    return asked + [str(variable["query"]) for variable in area_variables(lang)]


def test_the_page_is_laid_out_as_the_county_expects() -> None:
    shape = [(p["type"], p["title"], *p["gridPos"].values()) for p in panels()]
    assert shape == [
        ("stat", "今日上报", 0, 0, 5, 4),
        ("stat", "处置中", 5, 0, 5, 4),
        ("stat", "按期结案率", 10, 0, 4, 4),
        ("stat", "超期", 14, 0, 5, 4),
        ("stat", "设备在线率", 19, 0, 5, 4),
        ("timeseries", "事件趋势", 0, 4, 6, 8),
        ("timeseries", "传感器读数（最高值）", 0, 12, 6, 7),
        ("timeseries", "处置中趋势", 0, 19, 6, 7),
        ("geomap", "未结案件分布", 6, 4, 11, 22),
        ("table", "实时动态", 17, 4, 7, 12),
        ("bargauge", "网格排名（处置中）", 17, 16, 7, 10),
    ]


def test_no_two_panels_overlap() -> None:
    assert_no_overlap(panels())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_dark_and_drills_from_county_to_grid(lang: Lang) -> None:
    built: dict[str, Any] = county_overview(lang)
    assert built["style"] == "dark"
    assert built["uid"] == f"linli-county-{lang}"
    assert [v["name"] for v in built["templating"]["list"]] == [
        "county",
        "town",
        "community",
        "grid",
    ]
    assert {v["allValue"] for v in built["templating"]["list"]} == {".*"}


def test_english_has_no_chinese_and_every_word_has_both() -> None:
    assert not re.search(r"[\u4e00-\u9fff]", encode(county_overview("en")))
    for table in (WORDS, STATES, TYPES, METRICS):
        for word in table.values():
            assert re.search(r"[\u4e00-\u9fff]", word.zh)
            assert not re.search(r"[\u4e00-\u9fff]", word.en)
            assert word.en


def test_every_query_names_only_what_the_hub_writes() -> None:
    fields = set().union(*MEASUREMENTS.values())
    for query in all_queries():
        for measurement in re.findall(r'FROM "(\w+)"', query):
            assert measurement in MEASUREMENTS, query
        made_here = set(re.findall(r'AS "(\w+)"', query))
        for name in re.findall(r'"(\w+)"', query):
            assert name in {*MEASUREMENTS, *fields, *TAGS, *made_here}, query


def test_every_query_keeps_to_the_time_range_and_the_area() -> None:
    for panel in panels():
        for each in panel["targets"]:
            assert "$timeFilter" in each["query"]
            for tag in queries.AREA_TAGS:
                assert f"${{{tag}:regex}}" in each["query"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: queries.columns("incidents", ["state"], []), "measurement: expected one of alert"),
        (lambda: queries.columns("incident", ["stat"], []), "field of incident: expected one of"),
        (lambda: queries.over_time("mean", "reading", "value", ["sensor"]), "tag: expected one of"),
        (lambda: queries.kpi_now("done"), "field of kpi"),
    ],
)
def test_an_unknown_name_is_refused_while_building(call: Any, message: str) -> None:
    with pytest.raises(UnknownNameError, match=message):
        call()


def test_level_colours_stand_for_levels_only() -> None:
    levels = set(LEVEL_HEX.values())

    def without_mappings(node: Any) -> Any:
        if isinstance(node, dict):
            return {k: without_mappings(v) for k, v in node.items() if node.get("id") != "mappings"}
        return [without_mappings(v) for v in node] if isinstance(node, list) else node

    text = json.dumps(without_mappings(panels()))
    assert not [colour for colour in levels if colour in text]
    assert not re.search(r'"(red|orange|yellow|blue|palette-classic)"', text)


def test_no_address_outside_is_asked_unless_given() -> None:
    assert "http" not in encode(county_overview("zh")).replace(NO_TILES, "")
    assert "https://tiles.county/{z}/{x}/{y}.png" in encode(
        county_overview("zh", "https://tiles.county/{z}/{x}/{y}.png")
    )


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one = [file.read_bytes() for file in write_all(tmp_path / "one", ["zh", "en"])]
    two = [file.read_bytes() for file in write_all(tmp_path / "two", ["zh", "en"])]
    assert one == two
    assert one[0].endswith(b"}\n")
