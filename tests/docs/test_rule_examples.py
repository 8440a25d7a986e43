"""The examples of docs/rules.md are rules, and do what the page says."""

import re
from itertools import pairwise

import pytest

from hub_server.alerting.engine import Limits
from hub_server.alerting.rule_cases import RuleTestFile
from hub_server.alerting.rule_tests import run_case
from hub_server.alerting.rules import compile_pack
from hub_server.alerting.spec import Pack
from hub_server.alerting.when import When
from linli_settings import parse
from tests.docs.markdown import ROOT

_BLOCK = re.compile(r"^```yaml (rules|tests)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = _BLOCK.findall((ROOT / "docs" / "rules.md").read_text("utf-8"))
ZH = _BLOCK.findall((ROOT / "docs" / "rules.zh-CN.md").read_text("utf-8"))
RULES = [text for kind, text in BLOCKS if kind == "rules"]
PAIRS = [
    (before, after)
    for (kind, before), (follows, after) in pairwise(BLOCKS)
    if (kind, follows) == ("rules", "tests")
]


def pack(text: str) -> Pack:
    rules = "\n".join(f"  {line}" for line in text.splitlines())
    return parse(f"pack: example\nversion: 2026-01-01\nrules:\n{rules}\n", Pack)


@pytest.mark.parametrize("text", RULES, ids=lambda text: text.split()[2])
def test_every_example_is_a_rule(text: str) -> None:
    assert compile_pack(pack(text), "docs")


@pytest.mark.parametrize(("rule", "tests"), PAIRS, ids=lambda text: text.split()[2])
def test_every_example_does_what_the_page_says(rule: str, tests: str) -> None:
    cases = parse("tests:\n" + "\n".join(f"  {line}" for line in tests.splitlines()), RuleTestFile)
    compiled = compile_pack(pack(rule), "docs")
    failures = [run_case(case, compiled, Limits()) for case in cases.tests]
    assert [failure.text() for failure in failures if failure] == []


def test_every_condition_has_an_example() -> None:
    found = set(re.findall(r"when:\s+(?:\{)?type: (\w+)", "\n".join(RULES)))
    kinds = {
        value
        for model in When.__args__[0].__args__
        for value in model.model_fields["type"].annotation.__args__
    }
    assert kinds - found == {"any"}


def test_both_languages_have_the_same_examples() -> None:
    assert ZH == BLOCKS
