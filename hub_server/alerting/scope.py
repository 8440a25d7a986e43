"""What a rule's state is keyed by, from the narrowest to the widest."""

from enum import StrEnum

from hub_server.alerting.inputs import Site

NOWHERE = "-"
"""Stands for the community or town of a grid that lies in none."""


class Scope(StrEnum):
    """One state of the rule for each zone, source, … of the county."""

    ZONE = "zone"
    SOURCE = "source"
    DEVICE = "device"
    GRID = "grid"
    COMMUNITY = "community"
    TOWN = "town"
    COUNTY = "county"

    def holds(self, other: "Scope") -> bool:
        """Whether it is at least as wide as ``other``."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


def key_of(scope: Scope, site: Site, zone: str = "") -> str:
    """Under which key something at ``site`` counts."""
    match scope:
        case Scope.ZONE:
            return f"{site.device}/{site.source}/{zone}"
        case Scope.SOURCE:
            return f"{site.device}/{site.source}"
        case Scope.DEVICE:
            return site.device
        case Scope.GRID:
            return site.grid or NOWHERE
        case Scope.COMMUNITY:
            return site.community or NOWHERE
        case Scope.TOWN:
            return site.town or NOWHERE
        case Scope.COUNTY:
            return site.county
