"""Silences through the API: who may, within what area, and what is refused."""

import os
from datetime import timedelta

from httpx import Response
from sqlalchemy import select

from hub_server.alerting.matcher import Matcher
from hub_server.alerting.silences import Kind, Wish, add_silence
from hub_server.auth.roles import Role
from hub_server.auth.users import User, add_user
from hub_server.ledger.tables import audit
from tests.hub_server.api.conftest import Hub
from tests.hub_server.world import GRID, START


def post(hub: Hub, who: str, path: str = "", **body: object) -> Response:
    return hub.http.post(f"/api/v1/silences{path}", json=body, headers=hub.as_(who))


def wish(**fields: object) -> dict[str, object]:
    until = (START + timedelta(hours=2)).isoformat()
    return {"matcher": {"device": "pi-0001"}, "ends_at": until, "reason": "painting", **fields}


def test_a_technician_adds_sees_and_ends_one(hub: Hub) -> None:
    made = post(hub, "qian", **wish(kind="maintenance"))
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["author"], row["kind"], row["begins_at"]) == (
        "qian",
        "maintenance",
        "2026-03-02T08:00:00Z",
    )
    listed = hub.http.get("/api/v1/silences", headers=hub.as_("zhao")).json()
    assert [one["id"] for one in listed] == [row["id"]]
    hub.world.clock.tick(60)
    ended = post(hub, "qian", f"/{row['id']}/end")
    assert (ended.json()["ended_by"], ended.json()["ends_at"]) == ("qian", "2026-03-02T08:01:00Z")
    assert hub.http.get("/api/v1/silences", headers=hub.as_("qian")).json() == []
    assert post(hub, "qian", f"/{row['id']}/end").status_code == 404
    with hub.services.ledger.read() as conn:
        actions = list(conn.scalars(select(audit.c.action).order_by(audit.c.seq)))
    assert [name for name in actions if name.startswith("silence")] == [
        "silence_add",
        "silence_end",
    ]


def test_a_worker_may_not(hub: Hub) -> None:
    assert post(hub, "li", **wish()).status_code == 403
    assert hub.http.get("/api/v1/silences", headers=hub.as_("li")).status_code == 403


def test_what_cannot_be_is_refused_by_field(hub: Hub) -> None:
    past = (START - timedelta(minutes=1)).isoformat()
    assert "to: expected a time after" in post(hub, "zhao", **wish(ends_at=past)).text
    assert post(hub, "zhao", **wish(matcher={})).status_code == 422
    assert post(hub, "zhao", **wish(matcher={"devise": "x"})).status_code == 422
    assert post(hub, "zhao", **wish(ends_at="2026-03-02T10:00:00")).status_code == 422
    assert post(hub, "zhao", **wish(reason="  ")).status_code == 422


def test_nobody_silences_beyond_his_area(hub: Hub) -> None:
    far = post(hub, "zhao", **wish(matcher={"area": "440000"}))
    assert far.status_code == 403
    near = post(hub, "zhao", **wish(matcher={"area": GRID}))
    assert near.json()["matcher"] == {"area": GRID}


def test_a_silence_lasts_no_longer_than_ninety_days(hub: Hub) -> None:
    until = [(START + timedelta(days=90, seconds=more)).isoformat() for more in (0, 1)]
    assert post(hub, "zhao", **wish(ends_at=until[0])).status_code == 201
    refused = post(hub, "zhao", **wish(ends_at=until[1]))
    assert refused.status_code == 422
    assert "(90 days)" in refused.text


def county_wide(hub: Hub) -> str:
    """As the command makes one: it says no area."""
    asked = Wish(
        Kind.SILENCE, Matcher(type="gas_leak"), START, START + timedelta(hours=1), "painting"
    )
    with hub.services.ledger.write() as conn:
        return add_silence(conn, asked, "root", START, os.urandom(10)).id


def test_nobody_ends_or_sees_one_beyond_his_area(hub: Hub) -> None:
    with hub.services.ledger.write() as conn:
        add_user(conn, User("sun", Role.TECHNICIAN, GRID, "孙", "Sun"), None)
    everywhere = county_wide(hub)
    other = post(hub, "zhao", **wish(matcher={"area": f"{GRID[:-3]}999"})).json()["id"]
    here = post(hub, "sun", **wish()).json()["id"]
    listed = hub.http.get("/api/v1/silences", headers=hub.as_("sun")).json()
    assert {one["id"] for one in listed} == {everywhere, here}
    ended = [post(hub, "sun", f"/{one}/end").status_code for one in (everywhere, other, here)]
    assert ended == [403, 403, 200]
    assert post(hub, "zhao", f"/{everywhere}/end").status_code == 200
