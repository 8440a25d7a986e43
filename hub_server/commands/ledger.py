"""The ledger that a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.settings import Hub
from linli_settings.errors import naming


@contextmanager
def ledger_as_it_is(hub: Hub) -> Iterator[Ledger]:
    """The hub's ledger, whatever tables it has.

    Raises:
        ConfigError: its address is none, named with the hub's file.
    """
    with naming(hub.file):
        ledger = open_ledger(hub.ledger_url)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def ledger_of(hub: Hub) -> Iterator[Ledger]:
    """The hub's ledger with today's tables: a command may come before the first run.

    Raises:
        ConfigError: as above.
    """
    with ledger_as_it_is(hub) as ledger:
        ledger.migrate()
        yield ledger
