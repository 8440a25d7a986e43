"""Pictures: idempotent, checked, limited by area, every look audited."""

import pytest
from sqlalchemy import insert, select, update

from hub_server.ledger.tables import audit, devices, incident_pictures
from hub_server.pictures import LARGEST
from tests.hub_server.api.conftest import Hub
from tests.hub_server.world import DEVICE_TOKEN, START, jpeg, sha

DEVICE = {"Authorization": f"Bearer {DEVICE_TOKEN}", "Content-Type": "image/jpeg"}
DATA = jpeg("gate")
URL = f"/api/v1/pictures/{sha(DATA)}"


def test_put_twice_is_one_picture(hub: Hub) -> None:
    assert hub.http.put(URL, content=DATA, headers=DEVICE).status_code == 201
    assert hub.http.put(URL, content=DATA, headers=DEVICE).status_code == 200
    assert hub.services.pictures.read(sha(DATA)) == DATA
    files = [f for f in hub.services.pictures.folder.rglob("*") if f.is_file()]
    assert len(files) == 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (jpeg("other"), 422),
        (b"<html>", 422),
        (b"", 422),
        (b"\xff\xd8\xff" + b"0" * LARGEST, 413),
    ],
)
def test_what_is_not_the_announced_jpeg(hub: Hub, data: bytes, status: int) -> None:
    answer = hub.http.put(URL, content=data, headers=DEVICE)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert hub.services.pictures.read(sha(DATA)) is None


def test_a_cut_jpeg_is_refused_even_if_its_hash_fits(hub: Hub) -> None:
    cut = DATA[:-2]
    answer = hub.http.put(f"/api/v1/pictures/{sha(cut)}", content=cut, headers=DEVICE)
    assert "whole JPEG" in answer.json()["errors"]["body"]


def test_only_jpeg_and_only_with_a_token(hub: Hub) -> None:
    wrong = {**DEVICE, "Content-Type": "image/png"}
    assert hub.http.put(URL, content=DATA, headers=wrong).status_code == 415
    stranger = {**DEVICE, "Authorization": "Bearer lld_unknown"}
    assert hub.http.put(URL, content=DATA, headers=stranger).status_code == 401
    with hub.world.ledger.write() as conn:
        conn.execute(update(devices).values(revoked_at=START))
    assert hub.http.put(URL, content=DATA, headers=DEVICE).status_code == 401


def test_a_look_is_audited_and_limited_by_area(hub: Hub) -> None:
    hub.http.put(URL, content=DATA, headers=DEVICE)
    incident = hub.world.open_incident()
    with hub.world.ledger.write() as conn:
        row = {"incident": incident, "sha256": sha(DATA), "kind": "near"}
        conn.execute(insert(incident_pictures).values(**row))
    looked = hub.http.get(URL, headers=hub.as_("li"))
    assert (looked.content, looked.headers["content-type"]) == (DATA, "image/jpeg")
    assert looked.headers["cache-control"] == "no-store"
    assert hub.http.get(URL, headers=hub.as_("wang")).status_code == 404
    with hub.world.ledger.read() as conn:
        query = select(audit.c.actor, audit.c.object).where(audit.c.action == "picture.look")
        assert [tuple(row) for row in conn.execute(query)] == [("li", sha(DATA))]


def test_a_device_token_opens_nothing_else(hub: Hub) -> None:
    hub.http.put(URL, content=DATA, headers=DEVICE)
    for path in ("/incidents", "/me", f"/pictures/{sha(DATA)}"):
        assert hub.http.get(f"/api/v1{path}", headers=DEVICE).status_code == 401


def test_a_name_that_is_no_hash(hub: Hub) -> None:
    answer = hub.http.put("/api/v1/pictures/..%2f..%2fetc", content=DATA, headers=DEVICE)
    assert answer.status_code in (404, 422)


def test_a_picture_that_comes_after_its_event_is_a_change(hub: Hub) -> None:
    incident = hub.world.open_incident()
    with hub.world.ledger.write() as conn:
        row = {"incident": incident, "sha256": sha(DATA), "kind": "near"}
        conn.execute(insert(incident_pictures).values(**row))
    detail = hub.http.get(f"/api/v1/incidents/{incident}", headers=hub.as_("li")).json()
    assert (detail["picture"], detail["pictures"][0]["received"]) == (None, False)
    hub.http.put(URL, content=DATA, headers=DEVICE)
    changes = hub.http.get(f"/api/v1/changes?after={detail['change']}", headers=hub.as_("li"))
    assert changes.json()["incidents"] == [incident]
    again = hub.http.get(f"/api/v1/incidents/{incident}", headers=hub.as_("li")).json()
    assert (again["picture"], again["pictures"][0]["received"]) == (sha(DATA), True)
