"""The device's twin: what the hub wishes (desired, retained) and what holds here (reported)."""

from edge_agent.twin.blame import at_fault
from edge_agent.twin.keeper import Keeper
from edge_agent.twin.store import Store
from edge_agent.twin.twin import ApplyError, Twin

__all__ = ["ApplyError", "Keeper", "Store", "Twin", "at_fault"]
