"""A round of readings as lines, with no Point in between: most of what the hub writes.

Of a sensor's line only value, id and time change from one round to the next; the rest is kept.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import isfinite

from hub_server.ledger.place import Place
from hub_server.stores.line_protocol import quoted, series_key
from hub_server.stores.points import Origin, tags
from linli_contract.payloads import Reading


def reading_lines(origin: Origin, reading: Reading, places: Mapping[str, Place]) -> list[str]:
    """The lines of :func:`hub_server.stores.points.reading_points`.

    Raises:
        UnwritableError: the format cannot carry one of them.
    """
    end = f"{quoted('id', origin.event_id)} {origin.time_ns}"
    lines, device, own = [], origin.device, origin.place
    for one in reading.values:
        place = places.get(one.sensor, own)
        head, tail = _around(place, device, one.sensor, one.metric, one.unit, one.quality)
        number = float(one.value)
        value = f"value={number!r}," if isfinite(number) else ""
        lines.append(f"{head} {value}{tail}{end}")
    return lines


@lru_cache(1 << 16)  # a county's series; about 0.7 kB each
def _around(
    place: Place, device: str, sensor: str, metric: str, unit: str, quality: str
) -> tuple[str, str]:
    """What stands before a value, and between it and the id."""
    head = series_key("reading", tags(place, device, sensor, metric).items())
    return head, f"unit={quoted('unit', unit)},quality={quoted('quality', quality)},id="
