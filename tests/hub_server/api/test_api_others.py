"""Registry, devices, refused messages, figures, probes, the page, and the document of the API."""

from collections.abc import Callable

import pytest
from httpx import Response
from sqlalchemy import insert

from hub_server.ledger import counters
from hub_server.ledger.tables import quarantine, tombstones
from tests.hub_server.api.conftest import Hub
from tests.hub_server.world import GRID, START


def get(hub: Hub, who: str, path: str, **params: str) -> Response:
    return hub.http.get(f"/api/v1{path}", params=params, headers=hub.as_(who))


def test_workers_of_a_grid(hub: Hub) -> None:
    assert [row["name"] for row in get(hub, "zhao", "/workers", grid=GRID).json()] == ["li"]
    assert len(get(hub, "zhao", "/workers").json()) == 2
    assert get(hub, "li", "/workers").status_code == 403


def test_areas_and_event_types(hub: Hub) -> None:
    codes = [row["code"] for row in get(hub, "li", "/areas").json()]
    assert codes == ["330899", GRID]
    types = {row["name"]: row for row in get(hub, "li", "/event-types").json()}
    assert types["gas_leak"] == {
        "name": "gas_leak",
        "zh": "燃气泄漏",
        "en": "Gas leak",
        "colour": "orange",
        "code": "0400",
    }


def test_devices(hub: Hub) -> None:
    [row] = get(hub, "qian", "/devices").json()
    assert (row["device"], row["sources"][0]["name"]) == ("pi-0001", "gate")
    assert "token_hash" not in row
    assert get(hub, "wang", "/devices").json() == []
    assert get(hub, "wang", "/devices/pi-0001").status_code == 404
    with hub.world.ledger.write() as conn:
        row = {"device": "pi-0001", "epoch": "e", "lane": "events", "first": 1, "last": 9}
        conn.execute(insert(tombstones).values(**row, count=9, cause="full", received_at=START))
    assert get(hub, "qian", "/devices/pi-0001").json()["tombstones"][0]["cause"] == "full"
    assert get(hub, "qian", "/tombstones").json()[0]["count"] == 9


def test_quarantine_is_visible(hub: Hub) -> None:
    with hub.world.ledger.write() as conn:
        row = {"received_at": START, "topic": "linli/v1/x", "reason": "undecodable"}
        conn.execute(insert(quarantine).values(**row, detail="no JSON", payload=b"\xff{"))
    [seen] = get(hub, "qian", "/quarantine").json()
    assert (seen["reason"], seen["payload"], seen["size"]) == ("undecodable", "\ufffd{", 2)
    assert get(hub, "li", "/quarantine").status_code == 403


def test_stats_and_metrics_say_the_same(hub: Hub) -> None:
    hub.world.open_incident(targets=("county",))
    with hub.world.ledger.write() as conn:
        counters.add(conn, "received", 7)
        counters.add(conn, "quarantine_dropped", 3)
    stats = get(hub, "zhao", "/stats").json()
    assert (stats["received"], stats["incidents"]) == (7, {"pending_verify": 1})
    assert stats["outbound"] == {"county": {"waiting": 1, "failed": 0}}
    metrics = hub.http.get("/metrics").text
    assert "linli_received_total 7.0" in metrics
    assert "linli_quarantine_dropped_total 3.0" in metrics
    assert 'linli_outbound{state="waiting",target="county"} 1.0' in metrics


def test_health(hub: Hub) -> None:
    answer = hub.http.get("/health")
    assert (answer.status_code, answer.json()["checks"]) == (200, {"ledger": True})


def test_a_ledger_that_does_not_answer_hides_only_its_own_figures(hub: Hub) -> None:
    with hub.world.ledger.write() as conn:
        conn.exec_driver_sql("DROP TABLE counters")
    answer = hub.http.get("/metrics")
    assert answer.status_code == 200
    assert 'linli_ready{part="ledger"} 0.0' in answer.text
    assert "linli_alive 1.0" in answer.text
    assert "linli_incidents" not in answer.text
    assert hub.http.get("/health/alive").json() == {"alive": True, "fault": ""}


def test_health_names_what_is_at_fault_and_why_without_its_secrets(hub: Hub) -> None:
    from dataclasses import replace

    from fastapi.testclient import TestClient

    from hub_server.api.app import create_app
    from hub_server.metrics.process import plain

    found = {
        "rules": "crowd: KeyError: zone",
        "store influx": "http://u:pw@x refused",
        "ingest": "",
    }
    services = replace(
        hub.services, checks=lambda: found, figures=lambda: plain({"ingest_waiting": 4.0})
    )
    http = TestClient(create_app(services))
    answer = http.get("/health")
    body = answer.json()
    assert (answer.status_code, body["ready"], body["checks"]["ingest"]) == (503, False, True)
    assert body["faults"] == {
        "rules": "crowd: KeyError: zone",
        "store influx": "http://***@x refused",
    }
    assert "linli_ingest_waiting 4.0" in http.get("/metrics").text


def test_the_page_says_how_to_build_it(hub: Hub) -> None:
    answer = hub.http.get("/")
    assert answer.status_code == 503
    assert "make phone" in answer.text


def test_the_built_page(hub: Hub, build_page: Callable[[], None]) -> None:
    from fastapi.testclient import TestClient

    from hub_server.api.app import create_app

    build_page()
    http = TestClient(create_app(hub.services))
    page = http.get("/")
    assert (page.text, page.headers["cache-control"]) == ("<title>phone</title>", "no-cache")
    asset = http.get("/assets/main-abc123.js")
    assert "immutable" in asset.headers["cache-control"]
    assert http.get("/icon.svg").text == "<svg/>"
    assert http.get("/todo").text == page.text
    assert http.get("/assets/..%2f..%2fledger.sqlite").status_code == 404


def test_security_headers_everywhere(hub: Hub) -> None:
    for path in ("/", "/api/v1/me", "/health", "/api/v1/nothing"):
        headers = hub.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/nothing"])
def test_an_unknown_address_is_a_problem(hub: Hub, path: str) -> None:
    answer = hub.http.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_bug_is_a_problem_without_its_secrets(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("hub_server.api.routes.figures.read_stats", broken)
    answer = get(hub, "zhao", "/stats")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hunter2" not in answer.text


def test_every_route_has_a_name_and_says_what_it_gives(hub: Hub) -> None:
    document = hub.http.get("/api/v1/openapi.json").json()
    operations = [op for path in document["paths"].values() for op in path.values()]
    names = [op["operationId"] for op in operations]
    assert len(names) == len(set(names))
    assert all(op["summary"] and op["description"] for op in operations)
    assert len(document["paths"]) >= 29
