"""Tracking: which box of this frame is which of the last, at any frame rate."""

from edge_agent.tracking.base import UNKNOWN, Tracker, as_track
from edge_agent.tracking.byte import byte_tracker
from edge_agent.tracking.looks import with_looks

__all__ = ["UNKNOWN", "Tracker", "as_track", "byte_tracker", "with_looks"]
