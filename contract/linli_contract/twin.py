"""What hub and device agree on about wished configuration, beside the payload types."""

LIVE_KEYS = ("cameras", "detectors", "sensors", "health", "log")
"""Keys of a device's configuration that a wish may hold; the device refuses every other."""
NAMED_LISTS = ("cameras", "zones", "lines", "detectors", "sensors", "behaviours")
"""Lists that a wish may give as an object by name, each row merged alone."""
ROLLED_BACK = "rolled back"
"""How the error begins that a device reports when it took a wish back."""


def name_key(group: str) -> str:
    """The key that names a row of the list ``group``: a behaviour's name is its type."""
    return "type" if group == "behaviours" else "name"
