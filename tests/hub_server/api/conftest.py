"""The API over a real ledger and a real picture folder."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from hub_server.api.app import create_app
from hub_server.api.services import Services
from hub_server.auth.tokens import TokenKey, make_session
from hub_server.county_link.signing import CountyKey
from hub_server.pictures import PictureStore
from tests.hub_server.world import World, make_world

KEY = TokenKey("t" * 40, timedelta(hours=12), timedelta(hours=1))
COUNTY_KEY = CountyKey("linli", "shared-secret")


@dataclass
class Hub:
    world: World
    services: Services
    http: TestClient

    def as_(self, name: str) -> dict[str, str]:
        """The headers of a signed-in person."""
        token, _ = make_session(name, KEY, self.world.clock.now)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    world = make_world(tmp_path)
    services = Services(
        ledger=world.ledger,
        pictures=PictureStore(tmp_path / "pictures"),
        tokens=KEY,
        targets=("county", "console"),
        county=COUNTY_KEY,
        clock=world.clock,
        phone_dir=tmp_path / "dist",
    )
    with TestClient(create_app(services), raise_server_exceptions=False) as http:
        yield Hub(world, services, http)
    world.ledger.close()


@pytest.fixture
def build_page(tmp_path: Path) -> Callable[[], None]:
    """Put a built phone page where the hub of this test looks."""

    def build() -> None:
        (tmp_path / "dist" / "assets").mkdir(parents=True)
        (tmp_path / "dist" / "index.html").write_text("<title>phone</title>")
        (tmp_path / "dist" / "icon.svg").write_text("<svg/>")
        (tmp_path / "dist" / "assets" / "main-abc123.js").write_text("1")

    return build
