"""What the dashboards may ask for: the measurements, tags and fields of the time series.

A query that names anything else is refused while it is built, not discovered on a wall screen.
"""

TAGS = ("county", "town", "community", "grid", "device", "source", "type")
"""Tags of every measurement; all are bounded sets."""

MEASUREMENTS: dict[str, frozenset[str]] = {
    "reading": frozenset({"value", "unit", "quality", "id"}),
    "observation": frozenset(
        {"phase", "observation", "zone", "label", "dwell_s", "count", "confidence", "id"}
    ),
    "health": frozenset({"up", "cpu_percent", "temperature_c", "disk_free_mb", "id"}),
    "alert": frozenset({"count", "rule", "colour", "late", "id", "event"}),
    "incident": frozenset({"count", "id", "number", "action", "state", "colour", "lat", "lon"}),
    "kpi": frozenset(
        {
            "reported_today",
            "handling",
            "overdue",
            "closed",
            "closed_on_time",
            "devices",
            "devices_online",
        }
    ),
}
"""Measurement → fields. ``kpi`` holds counts of one grid, which add up to any area above it."""


class UnknownNameError(ValueError):
    """A query names a measurement, field or tag that the hub does not write."""


def check_measurement(name: str) -> str:
    """``name``, if it is a measurement.

    Raises:
        UnknownNameError: it is not.
    """
    if name not in MEASUREMENTS:
        known = ", ".join(sorted(MEASUREMENTS))
        raise UnknownNameError(f"measurement: expected one of {known}, got {name!r}")
    return name


def check_field(measurement: str, name: str) -> str:
    """``name``, if ``measurement`` has such a field.

    Raises:
        UnknownNameError: it has not.
    """
    fields = MEASUREMENTS[check_measurement(measurement)]
    if name not in fields:
        known = ", ".join(sorted(fields))
        raise UnknownNameError(f"field of {measurement}: expected one of {known}, got {name!r}")
    return name


def check_tag(name: str) -> str:
    """``name``, if it is a tag.

    Raises:
        UnknownNameError: it is not.
    """
    if name not in TAGS:
        raise UnknownNameError(f"tag: expected one of {', '.join(TAGS)}, got {name!r}")
    return name
