"""The county's signed callback at the API."""

import json
from datetime import timedelta

import pytest
from httpx import Response

from hub_server.county_link.signing import CountyKey, signed_headers
from tests.hub_server.api.conftest import COUNTY_KEY, Hub, hub

__all__ = ["hub"]  # the fixture of the API's tests
URL = "/api/v1/county/callback"
BODY = {"id": "s-1", "incident": "case-1", "case_id": "C000001", "status": "accepted"}


def call(
    hub: Hub,
    body: dict[str, str] | bytes,
    key: CountyKey = COUNTY_KEY,
    headers: dict[str, str] | None = None,
) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = headers or signed_headers(key, data, hub.world.clock.now)
    return hub.http.post(URL, content=data, headers=signed)


def test_taken_as_a_step_once(hub: Hub) -> None:
    hub.world.open_incident(targets=("county",))
    before = hub.world.row("case-1")["change"]
    answer = call(hub, BODY)
    assert answer.json() == {"code": 0, "msg": "ok", "datas": {"incident": "case-1"}}
    assert call(hub, BODY).status_code == 200  # the same status with a fresh nonce
    row = hub.world.row("case-1")
    assert (row["county_case"], row["state"]) == ("C000001", "pending_verify")
    assert row["change"] > before  # type: ignore[operator]
    assert hub.world.steps_of("case-1") == ["report", "county"]
    assert len(hub.world.outbound_rows("county")) == 1  # the county is not told its own news


def test_a_replay_is_refused(hub: Hub) -> None:
    hub.world.open_incident()
    data = json.dumps(BODY).encode()
    headers = signed_headers(COUNTY_KEY, data, hub.world.clock.now)
    assert call(hub, data, headers=headers).status_code == 200
    again = call(hub, data, headers=headers)
    assert (again.status_code, "used before" in again.json()["detail"]) == (401, True)
    hub.world.clock.tick(301)
    assert call(hub, data, headers=headers).status_code == 401


@pytest.mark.parametrize("key", [CountyKey("linli", "wrong"), CountyKey("x", "shared-secret")])
def test_a_stranger_is_refused(hub: Hub, key: CountyKey) -> None:
    hub.world.open_incident()
    assert call(hub, BODY, key).status_code == 401
    assert hub.world.steps_of("case-1") == ["report"]


def test_an_old_or_future_request_is_refused(hub: Hub) -> None:
    hub.world.open_incident()
    data = json.dumps(BODY).encode()
    for shift in (-301, 301):
        when = hub.world.clock.now + timedelta(seconds=shift)
        answer = call(hub, data, headers=signed_headers(COUNTY_KEY, data, when))
        assert answer.status_code == 401


def test_what_does_not_fit(hub: Hub) -> None:
    assert call(hub, BODY).status_code == 404
    missing = call(hub, {"id": "1", "incident": "case-1", "case_id": "C1"})
    assert (missing.status_code, list(missing.json()["errors"])) == (422, ["status"])
    assert call(hub, b"x" * 70_000).status_code == 413
