"""Where something is, as codes of areas."""

from typing import NamedTuple


class Place(NamedTuple):
    """Area codes from county to grid; empty where a level is not known. Part of a cache's key, so
    it must be cheap to hash."""

    county: str
    town: str
    community: str
    grid: str
