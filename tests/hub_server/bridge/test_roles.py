"""One process of several does the outbound side; another takes over."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from hub_server.api.app import create_app
from hub_server.api.services import Services
from hub_server.auth.tokens import TokenKey
from hub_server.ledger import standby
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.lease import LEASE_S, Lease
from hub_server.ledger.standby import Standby
from hub_server.pictures import PictureStore
from hub_server.roles import ALL, Role, parse_roles
from linli_settings import ConfigError
from tests.support.hub import HubClock


class Part:
    """Counts how often it was started and stopped."""

    def __init__(self) -> None:
        self.starts = self.stops = 0

    @property
    def runs(self) -> bool:
        return self.starts > self.stops

    def start(self) -> None:
        self.starts += 1

    def stop(self) -> None:
        self.stops += 1


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = open_ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "RENEW_S", 0.02)


def make(ledger: Ledger, name: str, clock: HubClock) -> tuple[Standby, Part]:
    part = Part()
    return Standby(Lease(ledger, "outbound", f"far/1/{name}"), part.start, part.stop, clock), part


async def until(fits: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not fits():
            await asyncio.sleep(0.01)


def test_one_runs_and_the_other_takes_over_when_it_leaves(ledger: Ledger) -> None:
    clock = HubClock()
    (first, one), (second, two) = make(ledger, "a", clock), make(ledger, "b", clock)

    async def story() -> None:
        running = asyncio.create_task(first.run())
        await until(lambda: one.runs)
        waiting = asyncio.create_task(second.run())
        await asyncio.sleep(0.2)
        assert not two.runs
        running.cancel()
        await until(lambda: two.runs)
        assert not one.runs
        waiting.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)

    asyncio.run(story())
    assert (one.starts, one.stops, two.starts, two.stops) == (1, 1, 1, 1)


def test_one_that_stood_still_stops_when_it_sees_that_another_runs(ledger: Ledger) -> None:
    clock, later = HubClock(), HubClock()
    (first, one), (second, two) = make(ledger, "a", clock), make(ledger, "b", later)

    async def story() -> None:
        begun = asyncio.create_task(first.run())
        await until(lambda: one.runs)
        later.now = clock.forward(LEASE_S + 1)
        Lease(ledger, "outbound", "far/1/b").take(later.now)  # while the first stood still
        await until(lambda: not one.runs)
        taking = asyncio.create_task(second.run())
        await until(lambda: two.runs)
        for task in (begun, taking):
            task.cancel()
        await asyncio.gather(begun, taking, return_exceptions=True)

    asyncio.run(story())


def test_while_the_ledger_is_away_it_runs_until_its_lease_ends(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HubClock()
    leader, part = make(ledger, "a", clock)

    async def story() -> None:
        running = asyncio.create_task(leader.run())
        await until(lambda: part.runs)
        monkeypatch.setattr(Lease, "take", away)
        await asyncio.sleep(0.2)
        assert part.runs
        clock.forward(LEASE_S + 1)
        await until(lambda: not part.runs)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(story())


def away(*_: object) -> None:
    raise OSError("the ledger is away")


def test_roles_are_named() -> None:
    assert parse_roles("ingest, outbound") == {Role.INGEST, Role.OUTBOUND}
    assert parse_roles("ingest,api,outbound") == ALL


@pytest.mark.parametrize("text", ["", "all", "ingest,", "ingest;api"])
def test_a_role_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="--roles"):
        parse_roles(text)


def test_a_process_without_api_still_tells_whether_it_is_well(
    ledger: Ledger, tmp_path: Path
) -> None:
    services = Services(ledger, PictureStore(tmp_path), TokenKey(b"k" * 48))
    client: httpx.Client = TestClient(create_app(services, people=False))
    assert client.get("/health").status_code == 200
    assert "linli_" in client.get("/metrics").text
    assert client.get("/api/v1/me").status_code == 404
    assert client.get("/").status_code == 404
