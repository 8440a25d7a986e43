"""The ledger's two databases: what is asked of one is asked of both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """A real PostgreSQL, started once."""
    if not postgres.installed():
        pytest.skip("PostgreSQL is not installed (apt: postgresql)")
    server = postgres.Postgres().start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty ledger, on each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server: postgres.Postgres = request.getfixturevalue("postgres_server")
    return server.new_database()
