"""The long poll, over a real server."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from hub_server.api.app import create_app
from hub_server.ledger.engine import open_ledger
from tests.hub_server.api.conftest import Hub
from tests.hub_server.serving import served, until
from tests.hub_server.world import OTHER_GRID, World


def test_at_once_when_something_is_new_and_only_of_my_area(hub: Hub) -> None:
    hub.world.open_incident("case-1")
    hub.world.open_incident("case-2", grid=OTHER_GRID)
    answer = hub.http.get("/api/v1/changes?after=0&wait=20", headers=hub.as_("li"))
    assert answer.json() == {"last": 2, "incidents": ["case-1"]}
    none = hub.http.get("/api/v1/changes?after=2&wait=0", headers=hub.as_("li"))
    assert none.json() == {"last": 2, "incidents": []}


def test_woken_by_a_signal_and_by_another_process(hub: Hub) -> None:
    elsewhere = World(open_ledger(str(hub.world.ledger.url)))  # never signals our Changes
    with served(create_app(hub.services)) as url, ThreadPoolExecutor() as pool:

        def poll(after: int) -> dict[str, object]:
            address = f"{url}/api/v1/changes?after={after}&wait=30"
            return dict(httpx.get(address, headers=hub.as_("zhao"), timeout=40).json())

        waiting = pool.submit(poll, 0)
        until(lambda: hub.services.changes._listeners)
        hub.world.open_incident("case-1")
        hub.services.changes.signal()
        assert waiting.result() == {"last": 1, "incidents": ["case-1"]}
        waiting = pool.submit(poll, 1)
        until(lambda: hub.services.changes._listeners)
        elsewhere.open_incident("case-2")
        assert waiting.result() == {"last": 2, "incidents": ["case-2"]}
        elsewhere.ledger.close()
    assert not hub.services.changes._listeners


def test_stopping_answers_every_long_poll(hub: Hub) -> None:
    with served(create_app(hub.services)) as url, ThreadPoolExecutor() as pool:
        address = f"{url}/api/v1/changes?after=0&wait=30"
        waiting = pool.submit(httpx.get, address, headers=hub.as_("zhao"), timeout=15)
        until(lambda: hub.services.changes._listeners)
        hub.services.changes.stop()
        assert waiting.result().json() == {"last": 0, "incidents": []}
