"""What kind of place a source stands in: the nearest wins, and rules ask for it."""

import pytest

from hub_server.alerting.inputs import Site
from hub_server.alerting.places import Place, Places, parse_places
from hub_server.alerting.rules import compile_pack
from hub_server.alerting.spec import Pack
from linli_settings import ConfigError, parse

TABLE = """\
places:
  - {area: "330899", traits: {noise_class: "2", county: "yes"}}
  - {area: "330899001001", traits: {noise_class: "3"}}
  - {area: "330899001001001", traits: {noise_class: "1"}}
  - {device: pi-0001, traits: {noise_class: "4a"}}
  - {device: pi-0001, source: rail, traits: {noise_class: "4b"}}
"""
PACK = """\
pack: mine
version: 2026-01-01
rules:
  - name: loud
    type: noise
    colour: blue
    when: {type: threshold, metric: laeq_10min, above: 55}
    place: {noise_class: "1"}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
"""


def site(device: str, source: str, grid: str) -> Site:
    return Site("330899", device, source, grid, 29.0, 119.0, source, source)


@pytest.mark.parametrize(
    ("device", "source", "grid", "expected"),
    [
        ("pi-0002", "n", "330899100201001", "2"),
        ("pi-0002", "n", "330899001001002", "3"),
        ("pi-0002", "n", "330899001001001", "1"),
        ("pi-0001", "n", "330899001001001", "4a"),
        ("pi-0001", "rail", "330899001001001", "4b"),
        ("pi-0002", "rail", "330899001001001", "1"),
        ("pi-0002", "n", "440899001001001", None),
    ],
)
def test_the_nearest_wins(device: str, source: str, grid: str, expected: str | None) -> None:
    found = parse_places(TABLE).of(site(device, source, grid))
    assert found.get("noise_class") == expected
    assert found.get("county") == ("yes" if expected else None)


def test_all_that_is_asked_must_be_so() -> None:
    places, here = parse_places(TABLE), site("pi-0001", "rail", "330899001001001")
    assert places.fit(here, {"noise_class": "4b", "county": "yes"})
    assert not places.fit(here, {"noise_class": "4b", "county": "no"})
    assert not places.fit(here, {"resident": "elder_alone"})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{traits: {a: b}}", "either area, or device"),
        ("{source: gate, traits: {a: b}}", "either area, or device"),
        ('{area: "33", device: pi-1, traits: {a: b}}', "either area, or device"),
        ('{area: "33", traits: {}}', "at least 1"),
        ('{area: "330899", traits: {a: b}}', "330899 is twice"),
        ("{device: pi-0001, source: rail, traits: {a: b}}", "pi-0001/rail is twice"),
    ],
)
def test_a_place_that_is_none_is_refused(row: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_places(f"{TABLE}  - {row}\n", "places.yaml")


def test_a_rule_that_asks_begins_anew_when_a_place_changes_and_no_other_does() -> None:
    before, after = Places(), Places([Place(area="33", traits={"noise_class": "1"})])
    pack = parse(PACK, Pack)
    free = parse(PACK.replace('    place: {noise_class: "1"}\n', ""), Pack)
    marks = [compile_pack(pack, "v", places=table)[0].fingerprint for table in (before, after)]
    assert marks[0] != marks[1]
    marks = [compile_pack(free, "v", places=table)[0].fingerprint for table in (before, after)]
    assert marks[0] == marks[1]
