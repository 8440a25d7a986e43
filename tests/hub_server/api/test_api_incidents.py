"""Cases over HTTP: area, actions, idempotency, problem documents."""

import pytest
from httpx import Response

from tests.hub_server.api.conftest import Hub
from tests.hub_server.world import OTHER_GRID, jpeg, sha

API = "/api/v1/incidents"


def take(hub: Hub, who: str, body: dict[str, object], key: str = "k1") -> Response:
    headers = {**hub.as_(who), "Idempotency-Key": key}
    return hub.http.post(f"{API}/case-1/actions", json=body, headers=headers)


def test_a_worker_sees_his_grid_an_operator_the_county(hub: Hub) -> None:
    hub.world.open_incident("case-1")
    hub.world.open_incident("case-2", grid=OTHER_GRID)
    seen = {
        name: [row["id"] for row in hub.http.get(API, headers=hub.as_(name)).json()["items"]]
        for name in ("li", "wang", "zhao", "admin")
    }
    assert seen == {
        "li": ["case-1"],
        "wang": ["case-2"],
        "zhao": ["case-2", "case-1"],
        "admin": ["case-2", "case-1"],
    }
    assert hub.http.get(f"{API}/case-2", headers=hub.as_("li")).status_code == 404


def test_the_case_as_the_table_says(hub: Hub) -> None:
    hub.world.open_incident("case-1")
    page = hub.http.get(API, headers=hub.as_("zhao")).json()
    row = page["items"][0]
    assert row["source_name"] == {"zh": "大门", "en": "Gate"}
    assert row["area"]["en"] == "330899001001001"
    assert row["reason"] == {"zh": "院内有人", "en": "person in the courtyard", "values": {"n": 1}}
    assert row["occurred_at"] == "2026-03-02T08:00:00Z"
    assert page["last_change"] == row["change"] == 1
    detail = hub.http.get(f"{API}/case-1", headers=hub.as_("zhao")).json()
    assert detail["actions"] == ["verify", "void"]
    assert [step["action"] for step in detail["steps"]] == ["report"]
    assert hub.http.get(f"{API}/case-1", headers=hub.as_("li")).json()["actions"] == []


def test_paging_by_change(hub: Hub) -> None:
    for number in range(5):
        hub.world.open_incident(f"case-{number}")
    first = hub.http.get(API, params={"limit": 2}, headers=hub.as_("zhao")).json()["items"]
    before = first[-1]["change"]
    rest = hub.http.get(API, params={"before": before}, headers=hub.as_("zhao")).json()["items"]
    assert [row["id"] for row in first + rest] == [f"case-{n}" for n in (4, 3, 2, 1, 0)]


def test_the_story_over_http(hub: Hub) -> None:
    hub.world.open_incident("case-1")
    hashes = []
    for mark in ("before", "after"):
        data = jpeg(mark)
        hashes.append(sha(data))
        put = hub.http.put(
            f"/api/v1/pictures/{hashes[-1]}",
            content=data,
            headers={**hub.as_("li"), "Content-Type": "image/jpeg"},
        )
        assert put.status_code == 201
    pair = [
        {"sha256": hashes[0], "kind": "handle_before"},
        {"sha256": hashes[1], "kind": "handle_after"},
    ]
    taps = [
        ("zhao", {"action": "verify", "result": "exist"}, "pending_register"),
        ("zhao", {"action": "register"}, "pending_dispatch"),
        ("zhao", {"action": "dispatch", "worker": "li"}, "pending_handle"),
        ("li", {"action": "acknowledge"}, "handling"),
        ("li", {"action": "handle", "pictures": pair, "note": "清场"}, "pending_check"),
        ("zhao", {"action": "check", "result": "pass"}, "pending_check"),
        ("zhao", {"action": "close"}, "closed"),
    ]
    for number, (who, body, state) in enumerate(taps):
        answer = take(hub, who, body, f"k{number}")
        assert (answer.status_code, answer.json().get("state")) == (200, state), answer.text
    final = hub.http.get(f"{API}/case-1", headers=hub.as_("li")).json()
    assert {p["kind"] for p in final["pictures"]} == {"handle_before", "handle_after"}
    assert final["picture"] in hashes
    assert final["closed_at"] is not None
    mine = {"mine": True, "state": "closed"}
    assert len(hub.http.get(API, params=mine, headers=hub.as_("li")).json()["items"]) == 1


def test_a_tap_twice_is_one_action(hub: Hub) -> None:
    hub.world.open_incident("case-1")
    body: dict[str, object] = {"action": "verify", "result": "exist"}
    assert take(hub, "zhao", body).json() == take(hub, "zhao", body).json()
    assert hub.world.steps_of("case-1") == ["report", "verify"]


@pytest.mark.parametrize(
    ("who", "body", "status", "field"),
    [
        ("zhao", {"action": "close"}, 409, None),
        ("li", {"action": "verify", "result": "exist"}, 403, None),
        ("wang", {"action": "acknowledge"}, 404, None),
        ("zhao", {"action": "verify", "result": "maybe"}, 422, "result"),
        ("zhao", {"action": "fly"}, 422, "action"),
        ("zhao", {"action": "verify", "result": "exist", "x": 1}, 422, "x"),
        ("zhao", {"action": "void", "pictures": [{"sha256": "?"}]}, 422, "pictures[0].sha256"),
        ("zhao", {"action": "void", "note": "n" * 2001}, 422, "note"),
    ],
)
def test_refused_as_a_problem(
    hub: Hub, who: str, body: dict[str, object], status: int, field: str | None
) -> None:
    hub.world.open_incident("case-1")
    answer = take(hub, who, body)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]
    assert field is None or field in problem["errors"]
    assert hub.world.steps_of("case-1") == ["report"]


def test_an_action_needs_a_key(hub: Hub) -> None:
    hub.world.open_incident("case-1")
    answer = hub.http.post(
        f"{API}/case-1/actions", json={"action": "void"}, headers=hub.as_("zhao")
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["idempotency-key"])
