"""Ledgers with today's tables, copied: to migrate each anew takes longer than most tests."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hub_server.ledger.engine import open_ledger


@cache
def _sqlite() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


def put_sqlite(file: Path) -> None:
    """A ledger without a row at ``file``."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_sqlite())


def migrate(url: str) -> None:
    """Today's tables in the empty database at ``url``."""
    ledger = open_ledger(url)
    ledger.migrate()
    ledger.close()
