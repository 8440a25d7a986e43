"""What ``hub-server rules check`` refuses, and that its words lead to the fix."""

import re
from functools import cache
from pathlib import Path

import pytest

from hub_server.rule_sets.broken import SHOWN, BrokenSetError
from hub_server.rule_sets.reading import parse_set, read_set
from tests.hub_server.rule_sets.broken_rules import BROKEN, GOOD, Break

WHERE = Path("rules")


def broken(case: Break) -> tuple[str, dict[str, str]]:
    """The text of the broken file, and the whole folder with it."""
    good = GOOD[case.file]
    assert case.old in good
    text = good.replace(case.old, case.new, 1)
    return text, {**GOOD, case.file: text}


def said(texts: dict[str, str], keyed_by: str = "") -> str:
    with pytest.raises(BrokenSetError) as caught:
        parse_set(texts, WHERE, keyed_by)
    return str(caught.value)


@cache
def message_of(case: Break) -> str:
    return said(broken(case)[1], case.keyed_by)


def test_the_right_one_passes() -> None:
    found = parse_set(GOOD, WHERE, "community")
    assert {rule.spec.name for rule in found.rules.rules} == {
        "gas", "many", "water", "rising", "both", "silent", "three", "wide",
    }  # fmt: skip
    assert "first.test.yaml" not in found.files


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(BROKEN) >= 30
    assert sum(bool(case.fix) for case in BROKEN.values()) >= 30


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_file_line_field_expectation_found_and_fix_are_said(case: Break) -> None:
    text, _ = broken(case)
    place = text.index(case.line_of) if case.line_of else text.index(case.new)
    line = text[:place].count("\n") + 1
    start = re.escape(f"{WHERE / case.file}:{line}: {case.field}: expected ")
    message = message_of(case)
    rows = [row for row in message.splitlines() if re.match(start, row)]
    rows = [row for row in rows if case.expected in row.partition(", found ")[0]]
    assert len(rows) == 1, message
    assert case.found in rows[0].partition(", found ")[2]
    assert case.fix in rows[0]


@pytest.mark.parametrize("word", ["Input should", "valid dictionary", "tag '", "type=", "pydantic"])
def test_no_message_speaks_the_librarys_language(word: str) -> None:
    for case in BROKEN.values():
        assert word not in message_of(case)


def test_every_problem_of_every_file_is_said_at_once() -> None:
    one, two = BROKEN["an unknown metric"], BROKEN["an unknown level"]
    message = said({**GOOD, one.file: broken(one)[0], two.file: broken(two)[0]})
    assert [row.partition(":")[0] for row in message.splitlines()] == [
        "rules/areas.yaml", "rules/first.yaml",
    ]  # fmt: skip


def test_the_short_form_names_files_alone_and_counts_the_rest() -> None:
    colours = GOOD["first.yaml"].replace(
        "colour: red", "colour: pink\n    a: 1\n    b: 1\n    c: 1"
    )
    with pytest.raises(BrokenSetError) as caught:
        parse_set({**GOOD, "first.yaml": colours.replace("at_least: 3", "d: 1\n")}, Path("/x/y"))
    short = caught.value.short()
    assert short.startswith("first.yaml:6: rules[0].colour: expected one of")
    assert "/x/y" not in short
    assert re.search(r"; and \d more$", short) or short.count("; ") < SHOWN


@pytest.mark.parametrize("name", ["areas.yaml", "incident_types.yaml"])
def test_a_file_that_is_not_there(name: str) -> None:
    texts = {file: text for file, text in GOOD.items() if file != name}
    assert f"rules/{name}: file: expected a readable UTF-8 YAML file, found none" in said(texts)


def test_a_test_file_without_its_pack() -> None:
    message = said({**GOOD, "third.test.yaml": GOOD["first.test.yaml"]})
    assert "third.test.yaml: file: expected a pack third.yaml beside it, found none" in message
    assert "(rename or remove this file)" in message


def test_a_folder_without_rules(tmp_path: Path) -> None:
    with pytest.raises(BrokenSetError, match="expected at least one rule pack"):
        read_set(tmp_path)
    with pytest.raises(BrokenSetError, match="found no such folder"):
        read_set(tmp_path / "none")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "first.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BrokenSetError, match=r"first\.yaml: file: expected a readable UTF-8"):
        read_set(tmp_path)


def test_wider_is_right_only_where_one_process_sees_everything() -> None:
    wide = GOOD["first.yaml"].replace(
        "window: 30min}\n    scope: grid", "window: 30min}\n    scope: county"
    )
    assert parse_set({**GOOD, "first.yaml": wide}, WHERE).version
    staged = wide.replace("scope: county", "scope: county\n    stage: county")
    for text in (wide, staged):
        with pytest.raises(BrokenSetError, match=r"scope no wider|stage"):
            parse_set({**GOOD, "first.yaml": text}, WHERE, "community")
