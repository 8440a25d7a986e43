"""The ledger's two databases: what is asked of one is asked of both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.support import migrated, postgres

# structlog's own default draws every local variable of a traceback: seconds for one exception,
# inside a transaction that PostgreSQL ends after five
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """A real PostgreSQL, started once."""
    if not postgres.installed():
        pytest.skip("PostgreSQL is not installed (apt: postgresql)")
    server = postgres.Postgres(postgres.memory()).start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger without a row, on each database in turn."""
    if request.param == "sqlite":
        migrated.put_sqlite(tmp_path / "ledger.sqlite")
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    server: postgres.Postgres = request.getfixturevalue("postgres_server")
    url = server.new_ledger()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table, for what migrates it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server: postgres.Postgres = request.getfixturevalue("postgres_server")
    return server.new_database()
