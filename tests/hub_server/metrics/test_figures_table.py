"""The table of figures is whole: the code's counters, the pages and the example alerts use it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hub_server.metrics.family import From, Kind
from hub_server.metrics.page import PAGES, put_in
from hub_server.metrics.table import BY_NAME, FAMILIES
from tests.conftest import ROOT

ALERTS = ROOT / "deploy" / "prometheus" / "linli-hub.rules.yml"
COUNTS = re.compile(r'counters\.add\(\s*conn, "(\w+)"|counts\["(\w+)"\]')
MANY = re.compile(r"counters\.add_all\(\s*conn, \{([^}]*)\}")
NAME = re.compile(r"\b(?:linli|process)_\w+")
PER_DEVICE = {"device", "source", "grid", "epoch", "rule"}


def ending(name: str) -> str:
    """The figure that a series belongs to."""
    for end in ("_bucket", "_sum", "_count"):
        family = BY_NAME.get(name.removesuffix(end))
        if name.endswith(end) and family and family.kind is Kind.HISTOGRAM:
            return family.name
    return name


def test_every_counter_of_the_ledger_is_in_the_table_and_none_that_nobody_counts() -> None:
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "hub_server").rglob("*.py")]
    counted = {one or two for text in texts for one, two in COUNTS.findall(text)}
    many = [keys for text in texts for keys in MANY.findall(text)]
    counted |= {name for keys in many for name in re.findall(r'"(\w+)":', keys)}
    assert len(counted) > 10
    told = {one.name for one in FAMILIES if one.of is From.LEDGER and one.kind is Kind.COUNTER}
    assert told == {f"linli_{name}_total" for name in counted}


def test_names_follow_the_conventions_and_no_label_grows_with_the_county() -> None:
    assert len(BY_NAME) == len(FAMILIES)
    for one in FAMILIES:
        assert one.name.endswith("_total") == (one.kind is Kind.COUNTER), one.name
        assert bool(one.bounds) == (one.kind is Kind.HISTOGRAM), one.name
        assert list(one.bounds) == sorted(set(one.bounds)), one.name
        assert not PER_DEVICE & set(one.labels), one.name
        assert one.zh, one.name
        assert one.en, one.name


@pytest.mark.parametrize("lang", PAGES)
def test_the_pages_have_the_table_of_the_code(lang: str) -> None:
    page = (ROOT / "docs" / PAGES[lang]).read_text(encoding="utf-8")
    assert put_in(page, lang) == page, "run: python -m hub_server.metrics.page docs"


def test_the_example_alerts_ask_for_figures_that_exist() -> None:
    read = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
    rules = [rule for group in read["groups"] for rule in group["rules"]]
    assert len(rules) > 10
    for rule in rules:
        names = {ending(name) for name in NAME.findall(rule["expr"])}
        assert names <= set(BY_NAME), rule["alert"]
        assert names or "up{" in rule["expr"], rule["alert"]
        of = {label for name in names for label in BY_NAME[name].labels}
        told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        asked = set(re.findall(r"[{,](\w+)=", rule["expr"])) - {"job"}
        assert told | asked <= of, rule["alert"]


def test_prometheus_reads_the_example_alerts(tmp_path: Path) -> None:
    # without promtool the test before this one has looked at the same file
    if promtool := shutil.which("promtool"):
        done = subprocess.run([promtool, "check", "rules", ALERTS], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
