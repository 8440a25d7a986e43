"""The operation page: that it asks only for figures the hub has, and stands as it should."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from hub_server.metrics.table import BY_NAME
from linli_dashboards.cli import app
from linli_dashboards.files import encode
from linli_dashboards.operation import DATASOURCE, operation_page
from linli_dashboards.strings import Lang
from tests.dashboards.grid import assert_no_overlap

ROOT = Path(__file__).resolve().parents[2]
LANGS: tuple[Lang, ...] = ("zh", "en")


def panels(lang: Lang = "zh") -> list[dict[str, Any]]:
    return list(json.loads(encode(operation_page(lang)))["panels"])


def asked() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_every_figure_asked_for_is_the_hubs_with_its_labels() -> None:
    known = BY_NAME
    for expr in asked():
        names = re.findall(r"\b(linli_\w+?)(?:_bucket|_sum|_count)?(?=[\[{)\s]|$)", expr)
        assert names, expr
        for name in names:
            assert name in known, expr
        labels = {label for name in names for label in known[name].labels}
        grouped = {one for group in re.findall(r"by \((\w+)\)", expr) for one in [group]}
        assert grouped <= {*labels, "le"}, expr
        assert set(re.findall(r"{(\w+)=", expr)) <= labels, expr


def test_the_page_has_what_operation_asks_for() -> None:
    text = " ".join(asked())
    for figure in (
        "linli_ingest_messages_total",
        "linli_ingest_arrival_lag_seconds",
        "linli_ingest_batch_messages",
        "linli_quarantine_rows",
        "linli_ingest_refused_total",
        "linli_series_lag_seconds",
        "linli_heartbeats_total",
        "linli_kafka_lag_messages",
    ):
        assert figure in text


def test_no_two_panels_overlap() -> None:
    assert_no_overlap(panels())


def test_both_languages() -> None:
    assert not re.search(r"[\u4e00-\u9fff]", encode(operation_page("en")))
    for zh, en in zip(panels("zh"), panels("en"), strict=True):
        assert re.search(r"[\u4e00-\u9fff]", zh["title"]) or zh["title"].startswith("Kafka")
        assert zh["title"] != en["title"]
        assert [t["expr"] for t in zh["targets"]] == [t["expr"] for t in en["targets"]]


@pytest.mark.parametrize("lang", LANGS)
def test_every_panel_asks_the_data_source_that_deploy_provisions(lang: Lang) -> None:
    file = ROOT / "deploy" / "prometheus" / "grafana-datasource.yaml"
    [source] = yaml.safe_load(file.read_text("utf-8"))["datasources"]
    assert (source["type"], source["uid"]) == (DATASOURCE["type"], DATASOURCE["uid"])
    assert {panel["datasource"]["uid"] for panel in panels(lang)} == {source["uid"]}
    assert source["url"] == "${PROMETHEUS_URL}", "no default: only where there is a Prometheus"


def test_it_is_built_only_where_it_is_asked_for(tmp_path: Path) -> None:
    for options, names in (
        ([], {"county-overview.zh.json"}),
        (["--operation"], {"county-overview.zh.json", "operation.zh.json"}),
    ):
        out = tmp_path / "-".join(["out", *options])
        done = CliRunner().invoke(app, ["build", "--out", str(out), "--lang", "zh", *options])
        assert done.exit_code == 0
        assert {file.name for file in out.iterdir()} == names
