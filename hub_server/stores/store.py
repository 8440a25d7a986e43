"""What a store of time series is, and which there are.

StoreError           a batch was not taken
├── RetryLater       it may be taken later: the store is away or overloaded
└── Refused          it will never be taken as it is
    └── TooLarge     a smaller piece of it may be taken
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from hub_server.stores.line_protocol import Point
from hub_server.stores.settings import Influx2Settings, Influx3Settings, StoreSettings


class StoreError(Exception):
    """A batch was not taken."""


class RetryLater(StoreError):  # noqa: N818 - says what to do next
    """The store is away or overloaded; the batch stays where it is.

    ``cause`` names the kind for the figures (``connection``, ``429``, ``503``, …), ``after_s``
    how long the store asked to be left alone; None when it did not say.
    """

    def __init__(self, text: str, cause: str = "away", after_s: float | None = None) -> None:
        super().__init__(text)
        self.cause, self.after_s = cause, after_s


class Refused(StoreError):  # noqa: N818 - says what to do next
    """The store will never take these lines."""


class TooLarge(Refused):
    """The store takes no request of that size."""


class Level(StrEnum):
    """How fine points are: as they came, or one for each window (docs/stores.md)."""

    RAW = "raw"
    TEN_MINUTES = "10m"
    HOUR = "1h"


Where = Mapping[str, str | tuple[str, ...]]
"""Name of a tag or text field → the value it has, or one of several. Names are letters, digits
and ``_``."""
Function = Literal["count", "sum", "min", "max", "mean", "last"]
Columns = Mapping[str, tuple[Function, str]]
"""Name of a result → the function, and the field it is taken of."""


@dataclass(frozen=True)
class Span:
    """Times from ``start`` up to before ``end``."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Window:
    """What a series came to from ``start_ns`` on; a column without points is left out."""

    tags: Mapping[str, str]
    start_ns: int
    values: Mapping[str, float]


def has_value(value: object, column: tuple[Function, str]) -> bool:
    """Whether a column of a window says anything; stores differ in how they count nothing."""
    return value is not None and (column[0] != "count" or value != 0)


class Store(Protocol):
    """Facts of time; writing the same point again overwrites it. Safe from any thread.

    Every call raises RetryLater when the store cannot answer now.
    """

    @property
    def name(self) -> str:
        """The name of its cursor; stable."""

    @property
    def expires(self) -> bool:
        """Whether old points go by themselves; else somebody calls :meth:`delete_older`."""

    def write(self, lines: Sequence[str], level: Level = Level.RAW) -> None:
        """Keep all lines; when it raises, some may have been kept.

        Raises:
            RetryLater: not now.
            Refused: never, as they are; at least one line is bad.
        """

    def range(
        self, measurement: str, where: Where, span: Span, level: Level = Level.RAW
    ) -> list[Point]:
        """Points of ``measurement``, in order of time."""

    def aggregate(
        self,
        measurement: str,
        columns: Columns,
        where: Where,
        span: Span,
        window_s: int,
        level: Level = Level.RAW,
    ) -> list[Window]:
        """For each series (set of tags) and window that has points, its ``columns``; in order of
        time. Windows begin at whole multiples of ``window_s`` since 1970 (UTC)."""

    def last(
        self, measurement: str, where: Where, span: Span, level: Level = Level.RAW
    ) -> list[Point]:
        """The newest point of each series."""

    def delete_older(self, limit: datetime, level: Level = Level.RAW) -> None:
        """Drop points older than ``limit``.

        Raises:
            Refused: this kind of store drops by its retention alone.
        """

    def close(self) -> None:
        """Let go of files and connections."""


def _sqlite(settings: StoreSettings, data_dir: Path, _base: Path) -> Store:
    from hub_server.stores.sqlite import SqliteStore

    assert settings.type == "sqlite"  # noqa: S101 - the dict's key says so
    return SqliteStore(data_dir / settings.path)


def _influx2(settings: StoreSettings, _data_dir: Path, base: Path) -> Store:
    from hub_server.stores.influx import InfluxStore
    from linli_settings.secrets import resolve

    assert isinstance(settings, Influx2Settings)  # noqa: S101 - the dict's key says so
    return InfluxStore(settings, resolve(settings.token, base))


def _influx3(settings: StoreSettings, _data_dir: Path, base: Path) -> Store:
    from hub_server.stores.influx import InfluxStore
    from linli_settings.secrets import resolve

    assert isinstance(settings, Influx3Settings)  # noqa: S101 - the dict's key says so
    return InfluxStore(settings, resolve(settings.token, base))


STORES: dict[str, Callable[[StoreSettings, Path, Path], Store]] = {
    "sqlite": _sqlite,
    "influxdb2": _influx2,
    "influxdb3": _influx3,
}


def make_store(settings: StoreSettings, data_dir: Path, base: Path) -> Store:
    """The store that ``settings`` names; ``base`` is where relative secrets lie."""
    return STORES[settings.type](settings, data_dir, base)
