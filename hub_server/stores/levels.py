"""Which rollups there are: what becomes of each measurement in windows of 10 minutes and 1 hour.

A minute would be no rollup: most sensors are read once a minute. Steps of incidents are few and
are not rolled up; the ledger has them all. Only functions are used that can be taken again of
their own results, so an hour is made of its six windows of 10 minutes; a mean is sum / count.
"""

from dataclasses import dataclass

from hub_server.stores.kpi import FIELDS
from hub_server.stores.store import Columns, Function, Level, Where
from linli_contract.payloads import Quality

WINDOW_S = {Level.TEN_MINUTES: 600, Level.HOUR: 3600}
FINER = {Level.TEN_MINUTES: Level.RAW, Level.HOUR: Level.TEN_MINUTES}
"""Of which level a level is made."""
_AGAIN: dict[Function, Function] = {
    "count": "sum",
    "sum": "sum",
    "min": "min",
    "max": "max",
    "last": "last",
}


@dataclass(frozen=True)
class Rollup:
    """The fields of a measurement's rollup, and which raw points count."""

    columns: Columns
    where: Where


def _all(field: str) -> Columns:
    functions: tuple[Function, ...] = ("count", "sum", "min", "max", "last")
    return {f"{field}_{function}": (function, field) for function in functions}


ROLLUPS: dict[str, Rollup] = {
    "reading": Rollup(_all("value"), {"quality": (Quality.OK.value, Quality.REFERENCE.value)}),
    "observation": Rollup(
        {"starts": ("count", "id"), "count_max": ("max", "count")}, {"phase": "start"}
    ),
    "health": Rollup(
        {
            "up_count": ("count", "up"),
            "up_sum": ("sum", "up"),
            "cpu_percent_max": ("max", "cpu_percent"),
            "temperature_c_max": ("max", "temperature_c"),
            "disk_free_mb_min": ("min", "disk_free_mb"),
            "fps_inferred_min": ("min", "fps_inferred"),
        },
        {},
    ),
    "alert": Rollup({"count": ("sum", "count")}, {}),
    "kpi": Rollup({field: ("last", field) for field in FIELDS}, {}),
}


def rollup_of(measurement: str, level: Level) -> Rollup:
    """How ``level`` is made of the level below it."""
    rollup = ROLLUPS[measurement]
    if FINER[level] is Level.RAW:
        return rollup
    pairs = rollup.columns.items()
    return Rollup({name: (_AGAIN[function], name) for name, (function, _) in pairs}, {})


def start_of(seconds: int, level: Level) -> int:
    """When the window around ``seconds`` (since 1970) begins."""
    return seconds - seconds % WINDOW_S[level]
