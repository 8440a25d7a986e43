"""Who is told of what."""

from pathlib import Path

import pytest

from tests.hub_server.world import World, make_world

TARGETS = ("county", "console")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_life_safety_pages_the_grids_worker_at_once(world: World) -> None:
    world.open_incident(kind="gas_leak", targets=TARGETS)
    [row] = world.outbound_rows("console")
    notice = row["payload"]
    assert isinstance(notice, dict)
    assert (notice["urgent"], notice["to"]) == (True, ["li", "zhao"])
    assert notice["zh"] == "请立即前往：燃气泄漏 N-case-1 院内有人"
    assert notice["en"] == "Go there at once: Gas leak N-case-1 person in the courtyard"


def test_others_wait_for_the_operator(world: World) -> None:
    world.open_incident(kind="intrusion", targets=TARGETS)
    notice = world.outbound_rows("console")[0]["payload"]
    assert isinstance(notice, dict)
    assert (notice["urgent"], notice["to"]) == (False, ["zhao"])


def test_late_pages_nobody_but_the_county_knows(world: World) -> None:
    world.open_incident(kind="gas_leak", late=True, targets=TARGETS)
    assert world.outbound_rows("console") == []
    [row] = world.outbound_rows("county")
    event = row["payload"]
    assert isinstance(event, dict)
    assert (event["id"], event["source"]) == ("case-1:1", "/linli/330899/hub")
    assert event["data"]["case"]["late"] is True
    assert event["data"]["case"]["occurred_at"] == "2026-03-02T08:00:00Z"
