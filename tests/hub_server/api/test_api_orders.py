"""Wishes, arming and commands at the API: who may, what is refused, what comes back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from httpx import Response
from sqlalchemy import insert, select, update

from hub_server.devices import orders
from hub_server.ledger.tables import audit, devices, incidents, sources, users
from linli_contract.payloads import Reply
from tests.hub_server.api.conftest import Hub
from tests.hub_server.world import OTHER_GRID, START

DEVICE = "/api/v1/devices/pi-0001"
CONFIG = {
    "cameras": [
        {
            "name": "gate",
            "zones": [{"name": "yard", "behaviours": [{"type": "intrusion", "armed": True}]}],
            "lines": [],
        }
    ]
}
OFF = {"camera": "gate", "zone": "yard", "armed": False}


@pytest.fixture(autouse=True)
def reported(hub: Hub) -> None:
    told = {"version": 0, "config": CONFIG}
    with hub.world.ledger.write() as conn:
        conn.execute(update(devices).values(reported=told))
        conn.execute(update(sources).values(zones={"yard": {"zh": "院子", "en": "Yard"}}))


CALLS: dict[str, Callable[[Hub, str], Response]] = {
    "look": lambda hub, who: hub.http.get(f"{DEVICE}/twin", headers=hub.as_(who)),
    "wish": lambda hub, who: hub.http.put(
        f"{DEVICE}/twin", json={"config": {}}, headers=hub.as_(who)
    ),
    "roll back": lambda hub, who: hub.http.post(
        f"{DEVICE}/twin/rollback", json={"version": 0}, headers=hub.as_(who)
    ),
    "arm": lambda hub, who: hub.http.post(f"{DEVICE}/arming", json=OFF, headers=hub.as_(who)),
    "command": lambda hub, who: hub.http.post(
        f"{DEVICE}/commands", json={"name": "test_event"}, headers=hub.as_(who)
    ),
    "commands": lambda hub, who: hub.http.get(f"{DEVICE}/commands", headers=hub.as_(who)),
}
MAY = {
    "look": {"qian", "admin", "zhao"},
    "wish": {"qian", "admin"},
    "roll back": {"qian", "admin"},
    "arm": {"qian", "admin", "zhao"},
    "command": {"qian", "admin"},
    "commands": {"qian", "admin", "zhao"},
}


@pytest.mark.parametrize("call", CALLS)
def test_who_may(hub: Hub, call: str) -> None:
    codes = {who: CALLS[call](hub, who).status_code for who in ("li", "qian", "zhao", "admin")}
    assert {who for who, code in codes.items() if code < 300} == MAY[call]
    assert {code for who, code in codes.items() if who not in MAY[call]} == {403}


@pytest.mark.parametrize("call", CALLS)
def test_only_in_the_own_area_and_only_enrolled(hub: Hub, call: str) -> None:
    with hub.world.ledger.write() as conn:
        conn.execute(update(devices).values(revoked_at=START))
    assert CALLS[call](hub, "admin").status_code == 404
    with hub.world.ledger.write() as conn:
        conn.execute(update(devices).values(revoked_at=None, grid=OTHER_GRID))
        conn.execute(update(users).values(area="330899001"))
    assert CALLS[call](hub, "admin").status_code == 404


def test_a_wish_and_what_is_said_to_it(hub: Hub) -> None:
    body = {"config": {"log": {"level": "debug"}}, "note": "look closer"}
    found = hub.http.put(f"{DEVICE}/twin", json=body, headers=hub.as_("qian")).json()
    assert (found["desired"]["version"], found["desired"]["state"]) == (1, "waiting")
    assert found["differences"] == [{"field": "log.level", "desired": "debug", "reported": None}]
    assert (found["in_force"], found["config"]) == (0, body["config"])
    with hub.world.ledger.read() as conn:
        row = conn.execute(select(audit).where(audit.c.action == "desired")).mappings().one()
    assert (row["actor"], row["object"]) == ("qian", "pi-0001")


def test_what_may_not_be_wished_is_named_by_field(hub: Hub) -> None:
    body = {"config": {"broker": {}, "cameras": {"gate": {"armed": "no"}}}}
    answer = hub.http.put(f"{DEVICE}/twin", json=body, headers=hub.as_("qian"))
    assert answer.status_code == 422
    assert answer.json()["errors"].keys() == {"broker", "cameras.gate.armed"}


def test_disarmed_until(hub: Hub) -> None:
    until = START + timedelta(hours=2)
    body = {**OFF, "until": until.isoformat()}
    found = hub.http.post(f"{DEVICE}/arming", json=body, headers=hub.as_("zhao")).json()
    [zone] = found["zones"]
    assert (zone["zh"], zone["en"], zone["armed"]) == ("院子", "Yard", True)  # not yet reported
    switched = zone["switched"]
    assert (switched["armed"], switched["author"]) == (False, "zhao")
    assert (found["may_wish"], found["may_switch"]) == (False, True)
    for wrong, field in (
        ({**OFF, "until": (START - timedelta(seconds=1)).isoformat()}, "until"),
        ({**OFF, "zone": "roof"}, "zone"),
        ({**OFF, "until": "2026-03-02T10:00:00"}, "until"),
    ):
        answer = hub.http.post(f"{DEVICE}/arming", json=wrong, headers=hub.as_("zhao"))
        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == [field]


def test_a_command_and_its_answer(hub: Hub) -> None:
    body = {"name": "snapshot", "args": {"camera": "gate"}, "expires_s": 10}
    given = hub.http.post(f"{DEVICE}/commands", json=body, headers=hub.as_("qian"))
    assert given.status_code == 202
    one = f"{DEVICE}/commands/{given.json()['id']}"
    assert hub.http.get(one, headers=hub.as_("qian")).json()["state"] == "waiting"
    hub.world.clock.tick(11)
    assert hub.http.get(one, headers=hub.as_("qian")).json()["state"] == "expired"
    with hub.world.ledger.write() as conn:
        reply = Reply(given.json()["id"], ok=True, result={"picture": {"sha256": "a" * 64}})
        orders.note_reply(conn, "pi-0001", reply, hub.world.clock())
    found = hub.http.get(one, headers=hub.as_("qian")).json()
    assert (found["state"], found["late"]) == ("done", True)
    assert found["result"] == {"picture": {"sha256": "a" * 64}}
    assert hub.http.get(f"{DEVICE}/commands", headers=hub.as_("zhao")).json() == [found]


def test_a_command_of_another_device_is_not_told(hub: Hub) -> None:
    given = CALLS["command"](hub, "qian").json()["id"]
    row = {"device": "pi-0002", "county": "330899", "profile": "x", "grid": "330899001001001"}
    with hub.world.ledger.write() as conn:
        conn.execute(insert(devices).values(**row, token_hash="-", enrolled_at=START))
    other = f"/api/v1/devices/pi-0002/commands/{given}"
    assert hub.http.get(other, headers=hub.as_("qian")).status_code == 404


@pytest.mark.parametrize("body", [{"name": "reboot"}, {"name": "snapshot", "expires_s": 4000}])
def test_commands_that_are_refused_at_once(hub: Hub, body: dict[str, object]) -> None:
    answer = hub.http.post(f"{DEVICE}/commands", json=body, headers=hub.as_("qian"))
    assert answer.status_code == 422


def test_how_a_case_stands(hub: Hub) -> None:
    hub.world.open_incident()
    with hub.world.ledger.write() as conn:
        conn.execute(update(incidents).values(due_at=START + timedelta(hours=1)))

    def stands() -> str | None:
        found = hub.http.get("/api/v1/incidents/case-1", headers=hub.as_("zhao")).json()
        [listed] = hub.http.get("/api/v1/incidents", headers=hub.as_("zhao")).json()["items"]
        assert listed["due_state"] == found["due_state"]
        return str(found["due_state"])

    assert stands() == "normal"
    hub.world.clock.tick(45 * 60)
    assert stands() == "due_soon"
    hub.world.clock.tick(15 * 60)
    assert stands() == "overdue"
    with hub.world.ledger.write() as conn:
        why = "no holidays are known for 2027"
        conn.execute(update(incidents).values(due_at=None, due_fault=why))
    assert stands() == "unknown"
