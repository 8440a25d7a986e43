"""A real Grafana takes the dashboards and gives back what was sent."""

import json
import os
from typing import Any
from urllib.request import Request, urlopen

import pytest

from linli_dashboards.overview import county_overview
from linli_dashboards.push import PushError, push

URL = os.environ.get("GRAFANA_URL", "")
TOKEN = os.environ.get("GRAFANA_TOKEN", "")
pytestmark = pytest.mark.skipif(
    not (URL and TOKEN), reason="GRAFANA_URL and GRAFANA_TOKEN name no Grafana to test with"
)


def stored(uid: str) -> dict[str, Any]:
    request = Request(
        f"{URL.rstrip('/')}/api/dashboards/uid/{uid}", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urlopen(request, timeout=10) as answer:
        return dict(json.load(answer)["dashboard"])


def test_grafana_keeps_what_was_pushed() -> None:
    sent: dict[str, Any] = {**county_overview("zh"), "uid": "linli-test", "title": "邻里 · 测试"}
    [page] = push(URL, TOKEN, [sent])
    assert page.startswith("/d/linli-test/")
    kept = stored("linli-test")
    assert kept["title"] == sent["title"]
    assert [panel["title"] for panel in kept["panels"]] == [p["title"] for p in sent["panels"]]


def test_a_second_push_replaces_the_first() -> None:
    sent: dict[str, Any] = {**county_overview("en"), "uid": "linli-test"}
    push(URL, TOKEN, [sent])
    push(URL, TOKEN, [{**sent, "title": "Linli · test, again"}])
    assert stored("linli-test")["title"] == "Linli · test, again"


def test_a_wrong_token_is_refused() -> None:
    with pytest.raises(PushError, match="Unauthorized"):
        push(URL, "not-a-token", [county_overview("en")])
