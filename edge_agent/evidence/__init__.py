"""The one door every picture leaves by: polygons painted, faces and heads blurred, or withheld."""

from edge_agent.evidence.door import Door, ShutDoor, Withheld, open_door
from edge_agent.evidence.settings import EvidenceSettings

__all__ = ["Door", "EvidenceSettings", "ShutDoor", "Withheld", "open_door"]
