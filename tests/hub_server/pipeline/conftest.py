"""The ledger that the pipeline's tests run on."""

from collections.abc import Iterator

import pytest

from hub_server.ledger.engine import Ledger
from tests.support.hub import make_ledger


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """Of pi-0001, on each database in turn."""
    ledger = make_ledger(ledger_url, synced=False)
    yield ledger
    ledger.close()
