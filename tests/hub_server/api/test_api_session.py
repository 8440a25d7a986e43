"""Signing in, by password and by link."""

from datetime import timedelta

import jwt
import pytest
from httpx import Response

from hub_server.auth.tokens import make_link_code
from tests.hub_server.api.conftest import KEY, Hub
from tests.hub_server.world import PASSWORD


def sign_in(hub: Hub, password: str = PASSWORD, name: str = "zhao") -> Response:
    return hub.http.post("/api/v1/session", json={"name": name, "password": password})


def test_password(hub: Hub) -> None:
    answer = sign_in(hub)
    assert answer.status_code == 200
    body = answer.json()
    assert body["user"]["role"] == "operator"
    me = hub.http.get("/api/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert me.json() == {
        "name": "zhao",
        "role": "operator",
        "area": "330899",
        "zh": "赵受理",
        "en": "Zhao",
        "phone": "",
    }
    hub.world.clock.tick(12 * 3600 + 1)
    late = hub.http.get("/api/v1/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert late.status_code == 401


@pytest.mark.parametrize(
    ("name", "password"), [("zhao", "wrong"), ("nobody", PASSWORD), ("li", "!")]
)
def test_wrong_password_and_unknown_name_read_alike(hub: Hub, name: str, password: str) -> None:
    answer = sign_in(hub, password, name)
    assert (answer.status_code, answer.json()["detail"]) == (401, "name or password is wrong")
    assert answer.headers["content-type"] == "application/problem+json"


def test_guessing_is_slowed_down(hub: Hub) -> None:
    for _ in range(5):
        assert sign_in(hub, "wrong").status_code == 401
    blocked = sign_in(hub)
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["retry-after"]) <= 301
    hub.world.clock.tick(301)
    assert sign_in(hub).status_code == 200


def test_link(hub: Hub) -> None:
    code = make_link_code("li", KEY.secret, hub.world.clock.now, timedelta(minutes=5))
    answer = hub.http.post("/api/v1/session/link", json={"code": code})
    assert answer.json()["user"]["name"] == "li"
    hub.world.clock.tick(301)
    assert hub.http.post("/api/v1/session/link", json={"code": code}).status_code == 401


def test_a_link_code_is_no_session_and_no_unsigned_token_passes(hub: Hub) -> None:
    now = hub.world.clock.now
    code = make_link_code("li", KEY.secret, now, timedelta(minutes=5))
    claims = {"sub": "zhao", "aud": "linli-session", "exp": int(now.timestamp()) + 60}
    forged = jwt.encode(claims, "another secret of forty characters......", "HS256")
    bare = jwt.encode(claims, "", "none")
    for token in (code, forged, bare, "x"):
        answer = hub.http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/me",
        "/incidents",
        "/incidents/x",
        "/changes",
        "/workers",
        "/areas",
        "/event-types",
        "/devices",
        "/devices/x",
        "/quarantine",
        "/tombstones",
        "/stats",
        f"/pictures/{'a' * 64}",
    ],
)
def test_nothing_without_signing_in(hub: Hub, path: str) -> None:
    answer = hub.http.get(f"/api/v1{path}")
    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"
