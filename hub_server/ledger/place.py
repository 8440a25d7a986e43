"""Where something is, as codes of areas."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Area codes from county to grid; empty where a level is not known."""

    county: str
    town: str
    community: str
    grid: str
