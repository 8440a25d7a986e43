"""The packs of the project, and what a broken one says."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from hub_server.alerting.engine import Limits
from hub_server.alerting.rule_tests import run_test_file
from hub_server.alerting.rules import load_pack, load_rules
from hub_server.cli import app
from hub_server.devices.areas import load_areas
from linli_contract.event_types import EVENT_TYPES, Origin
from linli_settings import ConfigError
from tests.support.hub import RULES

TEST_FILES = sorted(RULES.glob("*.test.yaml"))
SEEN_BY_A_MODEL = {"garbage_overflow"}
"""Types of a sensor that a camera's model may see too."""


@pytest.mark.parametrize("file", TEST_FILES, ids=lambda file: file.stem)
def test_the_packs_pass_their_tests(file: Path) -> None:
    count, failures = run_test_file(file, Limits())
    assert count > 0
    assert [failure.text() for failure in failures] == []


def test_every_pack_has_a_test_and_every_rule_is_in_it() -> None:
    tested = {
        alert["rule"]
        for file in TEST_FILES
        for case in yaml.safe_load(file.read_text())["tests"]
        for alert in case.get("alerts", [])
    }
    assert tested == {rule.spec.name for rule in load_rules(RULES).rules}


def test_every_event_type_has_a_rule_that_makes_it_a_case() -> None:
    types = {rule.spec.type for rule in load_rules(RULES).rules}
    assert types == EVENT_TYPES.keys()


def test_the_hub_repeats_no_dwell_of_the_edge() -> None:
    for rule in load_rules(RULES).rules:
        kind, origin = rule.spec.when.type, EVENT_TYPES[rule.spec.type].origin
        if rule.second:
            continue  # it looks at alerts, whoever saw what they are of
        if rule.spec.type == "smoke_fire" and kind in ("threshold", "all"):
            continue  # the smoke sensor, alone and fused
        if rule.spec.type in SEEN_BY_A_MODEL and kind == "observation":
            continue
        assert (kind in ("observation", "count")) == (origin is Origin.EDGE), rule.spec.name


def test_every_edge_seen_rule_fires_at_once() -> None:
    for rule in load_rules(RULES).rules:
        if rule.spec.when.type == "observation":
            assert rule.spec.at_once


def test_the_areas_are_nested_closed_and_inside_each_other() -> None:
    areas = {area.code: area for area in load_areas(RULES / "areas.yaml")}
    lengths = {"county": 6, "town": 9, "community": 12, "grid": 15}
    for area in areas.values():
        assert len(area.code) == lengths[area.level]
        assert area.outline[0] == area.outline[-1]
        if area.level == "county":
            continue
        outer = areas[area.code[:-3]].outline
        slack = 0.001
        for axis in (0, 1):
            low, high = (f(p[axis] for p in outer) for f in (min, max))
            assert all(low - slack <= p[axis] <= high + slack for p in area.outline)
    assert {code[:6] for code in areas} == {"330899"}


PACK = """\
pack: mine
version: 2026-01-01
rules:
  - name: gas
    type: gas_leak
    colour: red
    when: {type: threshold, metric: gas_lel, above: 10, for: 30s}
    group: {by: [type, source]}
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
    scope: source
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("colour: red", "color: red", 6, "did you mean 'colour'?"),
        ("for: 30s", "for: 30", 7, "did you mean 30s?"),
        ("type: gas_leak", "type: gas_leek", 5, "an event type of the contract"),
        ("metric: gas_lel", "metric: gas_lvl", 7, "did you mean 'gas_lel'?"),
        ("colour: red", "colour: pink", 6, "one of blue, yellow, orange, red"),
        ("above: 10", "above: 10, below: 3", 7, "either above or below"),
        ("above: 10", "above: 10, clear: 11", 7, "clear on the good side"),
        ('zh: "{value}"', 'zh: "{valeu}"', 9, "one of the fields"),
        ('zh: "{value}"', 'zh: "{value.__class__}"', 9, "one of the fields"),
        ('zh: "{value}"', 'zh: "{value:d}"', 9, "a format that fits"),
        ('zh: "{value}"', 'zh: "{value"', 9, "a text with {fields}"),
        ("by: [type, source]", "by: [source, type]", 8, "type first"),
        ("by: [type, source]", "by: [type, zone]", 8, "without zone"),
        ("type: threshold", "type: treshold", 7, "'threshold'"),
        ("name: gas", "name: Gas Leak", 4, "pattern"),
        ("rules:\n", "rules: []\nolder:\n", 3, "at least 1 item"),
    ],
)
def test_a_broken_pack_says_file_line_and_fix(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    file = tmp_path / "mine.yaml"
    assert old in PACK
    file.write_text(PACK.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_pack(file)
    assert said in str(caught.value)
    assert f"{file}:{line}: " in str(caught.value)


def test_a_name_used_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PACK)
    (tmp_path / "b.yaml").write_text(PACK.replace("pack: mine", "pack: other"))
    with pytest.raises(ConfigError, match="a name of its own"):
        load_rules(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one rule pack"):
        load_rules(tmp_path)


def copy_rules(folder: Path) -> Path:
    for file in RULES.glob("*.yaml"):
        (folder / file.name).write_text(file.read_text())
    return folder


def test_the_commands_pass_on_the_projects_rules(tmp_path: Path) -> None:
    folder = str(copy_rules(tmp_path))
    checked = CliRunner().invoke(app, ["rules", "check", folder])
    assert checked.exit_code == 0, checked.output
    tested = CliRunner().invoke(app, ["rules", "test", folder])
    assert tested.exit_code == 0, tested.output
    assert "18 of 18 passed" in tested.output


def test_a_changed_limit_turns_the_rule_test_red(tmp_path: Path) -> None:
    folder = copy_rules(tmp_path)
    file = folder / "safety.yaml"
    file.write_text(file.read_text().replace("at_least: 10, clear: 8", "at_least: 20, clear: 8"))
    done = CliRunner().invoke(app, ["rules", "test", str(folder)])
    assert done.exit_code == 1
    assert "gas fires at 10 %LEL, not below" in done.output
    assert "expected" in done.output
