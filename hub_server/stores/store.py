"""What a store of time series is, and which there are.

StoreError           a batch was not taken
├── RetryLater       it may be taken later: the store is away or overloaded
└── Refused          it will never be taken as it is
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hub_server.stores.line_protocol import Point
from hub_server.stores.settings import InfluxStoreSettings, SqliteStoreSettings, StoreSettings


class StoreError(Exception):
    """A batch was not taken."""


class RetryLater(StoreError):  # noqa: N818 - says what to do next
    """The store is away or overloaded; the batch stays where it is."""


class Refused(StoreError):  # noqa: N818 - says what to do next
    """The store will never take these lines."""


class Store(Protocol):
    """Append-only facts; writing the same point again overwrites it."""

    @property
    def name(self) -> str:
        """The name of its cursor; stable."""

    def write(self, lines: Sequence[str]) -> None:
        """Keep all lines, or none.

        Raises:
            RetryLater: not now.
            Refused: never.
        """

    def query(
        self, measurement: str, tags: Mapping[str, str], start: datetime, end: datetime
    ) -> list[Point]:
        """Points of ``measurement`` with these tags from ``start`` up to before ``end``, in time
        order.

        Raises:
            RetryLater: not now.
        """

    def delete_older(self, limit: datetime) -> None:
        """Drop points older than ``limit``.

        Raises:
            RetryLater: not now.
        """

    def close(self) -> None:
        """Let go of files and connections."""


def _sqlite(settings: StoreSettings, data_dir: Path, _base: Path) -> Store:
    from hub_server.stores.sqlite import SqliteStore

    assert isinstance(settings, SqliteStoreSettings)  # noqa: S101 - the dict's key says so
    return SqliteStore(data_dir / settings.path)


def _influx(settings: StoreSettings, _data_dir: Path, base: Path) -> Store:
    from hub_server.stores.influx import InfluxStore
    from linli_settings.secrets import resolve

    assert isinstance(settings, InfluxStoreSettings)  # noqa: S101 - the dict's key says so
    return InfluxStore(settings, resolve(settings.token, base))


STORES: dict[str, Callable[[StoreSettings, Path, Path], Store]] = {
    "sqlite": _sqlite,
    "influxdb2": _influx,
}


def make_store(settings: StoreSettings, data_dir: Path, base: Path) -> Store:
    """The store that ``settings`` names; ``base`` is where relative secrets lie."""
    return STORES[settings.type](settings, data_dir, base)
